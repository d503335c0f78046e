"""`python -m simulator.kernel`: compiles the kernel once, at set-up."""

from __future__ import annotations

import sys

from simulator.kernel.warm import warm_kernel

if __name__ == "__main__":
    sys.stderr.write("compiling the simulation kernel (once) ... ")
    sys.stderr.flush()
    sys.stderr.write(f"done in {warm_kernel():.1f} s\n")
