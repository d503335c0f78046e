"""`python -m simulator.kernel`: compiles the kernel once, at set-up."""

from __future__ import annotations

import sys

from simulator.kernel.machine_code.warm import cache_location, is_warm, warm_kernel

if __name__ == "__main__":
    if not is_warm():
        sys.stderr.write("compiling the simulation kernel (once) ... ")
        sys.stderr.flush()
        sys.stderr.write(f"done in {warm_kernel():.0f} s{cache_location()}\n")
