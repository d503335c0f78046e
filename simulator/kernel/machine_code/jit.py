"""How the kernel's functions are compiled, in one place.

Numba types and lowers each function; LLVM sees them all at once, as one module (`building`), and
decides itself what to inline. Without Numba (`NUMBA_DISABLE_JIT=1`) the functions stay Python.
Nothing here imports Numba before a function is decorated: a machine that holds the machine code
(`store`) never does.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import ParamSpec, TypeVar

    P = ParamSpec("P")
    R = TypeVar("R")

COMPILED = os.environ.get("NUMBA_DISABLE_JIT", "").strip() in {"", "0"}


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """The function for other compiled ones; Python cannot call it. Unchanged when uncompiled."""
    return linked(function)


def apart(function: Callable[P, R]) -> Callable[P, R]:
    """As `compiled`, for what runs seldom."""
    return linked(function)


def door(function: Callable[P, R]) -> Callable[P, R]:
    """As `compiled`, for a function that Python calls through `doors`; its parameters have types."""
    return linked(function)


def linked(function: Callable[P, R]) -> Callable[P, R]:
    """The function as Numba's, its code to be linked into one module with all others."""
    if not COMPILED:
        return function
    from simulator.kernel.machine_code.linking import linked_function

    return linked_function(function)
