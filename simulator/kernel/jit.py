"""The compiler's settings, in one place.

Numba keys its disk cache by the file a function stands in, but a compiled function also holds
what it calls from other files and the records it touches. So the cache of this package lies in
a folder named after a digest of all its sources: any edit compiles the kernel anew.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numba

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import ParamSpec, TypeVar

    P = ParamSpec("P")
    R = TypeVar("R")

COMPILED = not numba.config.DISABLE_JIT
HERE = Path(__file__).parent


def source_digest() -> str:
    """Digest of the kernel's sources, 16 hexadecimal digits."""
    digest = hashlib.sha256(numba.__version__.encode())
    for path in sorted(HERE.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def cache_folder() -> Path:
    """Where compiled code is kept: beside the sources, or in the user's cache if that is closed."""
    beside = HERE / "__pycache__"
    user = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wayfare"
    chosen = Path(os.environ["NUMBA_CACHE_DIR"]) if "NUMBA_CACHE_DIR" in os.environ else beside
    home = chosen if os.access(chosen if chosen.exists() else chosen.parent, os.W_OK) else user
    return home / f"kernel-{source_digest()}"


def is_warm() -> bool:
    """Whether compiled code of these sources is on disk already."""
    return not COMPILED or any(cache_folder().rglob("entry.advance*.nbi"))


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """The function compiled by Numba and cached on disk; unchanged under `NUMBA_DISABLE_JIT=1`."""
    return numba.njit(cache=True, nogil=True, error_model="numpy")(function)  # type: ignore[no-any-return]


numba.config.CACHE_DIR = str(cache_folder())
