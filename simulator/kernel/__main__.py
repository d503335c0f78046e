"""`python -m simulator.kernel`: compiles the kernel once, at set-up."""

from __future__ import annotations

import sys

from simulator.kernel.machine_code.warm import is_warm, told_place, warm_kernel

if __name__ == "__main__":
    if not is_warm():
        sys.stderr.write("compiling the simulation kernel (once) ... ")
        sys.stderr.flush()
        sys.stderr.write(f"done in {warm_kernel():.0f} s{told_place()}\n")
