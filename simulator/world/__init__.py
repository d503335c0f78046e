"""The world: SimPy processes around the kernel, on one clock."""
