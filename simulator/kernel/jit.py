"""The compiler's settings, in one place."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numba

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import ParamSpec, TypeVar

    P = ParamSpec("P")
    R = TypeVar("R")

COMPILED = not numba.config.DISABLE_JIT  # type: ignore[attr-defined]
SOURCES_DIGEST = "kernel.sha256"


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """The function compiled by Numba for other compiled ones, cached on disk.

    Unchanged under `NUMBA_DISABLE_JIT=1`. Python cannot call it: without the wrapper for that, which
    holds the inlined function once more, the kernel compiles sooner.
    """
    return kept(function, no_cpython_wrapper=True)


def apart(function: Callable[P, R]) -> Callable[P, R]:
    """As `compiled`, for what runs seldom: called, not inlined. The kernel compiles in half the time."""
    return kept(function, no_cpython_wrapper=True, forceinline=False)


def door(function: Callable[P, R]) -> Callable[P, R]:
    """As `compiled`, for a function that Python calls."""
    return kept(function, no_cpython_wrapper=False)


def kept(function: Callable[P, R], *, no_cpython_wrapper: bool, forceinline: bool = True) -> Callable[P, R]:
    """The function with Numba's settings, in a cache that holds nothing stale."""
    made = numba.njit(  # type: ignore[call-overload]
        cache=True,
        nogil=True,
        error_model="numpy",
        forceinline=forceinline,
        no_cpython_wrapper=no_cpython_wrapper,
        no_cfunc_wrapper=True,
    )(function)
    if COMPILED:
        drop_stale_code(Path(str(made.stats.cache_path)))
    return made


@lru_cache
def drop_stale_code(cache: Path) -> None:
    """Empties the cache when it was made from other sources of this package.

    Numba itself looks only at the file of the function it loads, not at the files of what that
    calls, and would mix old machine code with new.
    """
    sources = sorted(Path(__file__).parent.glob("*.py"))
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
    stamp = cache / SOURCES_DIGEST
    if stamp.exists() and stamp.read_text(encoding="ascii") == digest:
        return
    for index in cache.glob("*.nbi"):
        index.unlink(missing_ok=True)
    stamp.write_text(digest, encoding="ascii")
