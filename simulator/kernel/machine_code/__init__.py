"""How the kernel's functions become machine code, where that is kept, and how Python calls it."""
