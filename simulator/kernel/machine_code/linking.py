"""Numba's compiler without the machine code of each function: that is made once, of all together.

Numba by itself optimises and assembles a library per function, and each holds its callees again:
the kernel took a minute and 126 MB. These libraries are only linked, and the whole is optimised.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import numba
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import ParamSpec, TypeVar

    from numba.core.typing import BaseContext

    P = ParamSpec("P")
    R = TypeVar("R")

NUMBERS = count()


class NowhereLoaded:
    """In the place of the code generator: what is loaded nowhere has no environment to set."""

    def set_env(self, _name: str, _environment: object) -> None:
        """Does nothing."""


class LinkedLibrary(JITCodeLibrary):
    """A function's code, and that of what it calls, for linking alone."""

    def _optimize_final_module(self) -> None:
        """Leaves that to the whole."""

    def _finalize_final_module(self) -> None:
        """Makes no machine code."""
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:  # noqa: ARG002  (Numba's signature)
        """No address: the function is in no memory."""
        return 0

    @property
    def codegen(self) -> NowhereLoaded:
        """What Numba asks to set a loaded function's environment."""
        return NowhereLoaded()


class LinkedCompiler(CompilerBase):
    """Numba's usual passes, into a library for linking."""

    def __init__(self, typing: BaseContext, target: BaseContext, library: object, *rest: object) -> None:
        """Takes Numba's arguments; there is never a library yet."""
        made = library or LinkedLibrary(target.codegen(), f"linked.{next(NUMBERS)}")
        super().__init__(typing, target, made, *rest)

    def define_pipelines(self) -> list[object]:
        """The passes of compiled mode."""
        return [DefaultPassBuilder.define_nopython_pipeline(self.state)]


def linked_function(function: Callable[P, R]) -> Callable[P, R]:
    """The function as Numba's: no wrappers, no reference counts (all arrays belong to `Kernel`)."""
    made: Callable[P, R] = numba.njit(  # type: ignore[call-overload]  # typed without a pipeline
        error_model="numpy",
        no_cpython_wrapper=True,
        no_cfunc_wrapper=True,
        _nrt=False,
        pipeline_class=LinkedCompiler,
    )(function)
    return made
