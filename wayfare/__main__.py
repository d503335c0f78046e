"""`python -m wayfare`."""

from __future__ import annotations

from wayfare.cli import main

if __name__ == "__main__":
    main()
