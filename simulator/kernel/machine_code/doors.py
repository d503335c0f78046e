"""The kernel's doors as Python calls them: loaded machine code, or the plain functions.

Loading takes LLVM's linker and some milliseconds, and neither Numba nor the kernel's functions are
imported for it; only where no folder holds the code of these sources is it compiled first.
"""

from __future__ import annotations

import ctypes
from functools import lru_cache
from importlib import import_module
from types import SimpleNamespace
from typing import TYPE_CHECKING

from simulator.kernel.machine_code.jit import COMPILED
from simulator.kernel.machine_code.names import DOORS, symbol_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    class Doors(Protocol):
        """What there is to call; each takes `Kernel.door` first (see `entry` for the rest)."""

        submit: Callable[..., int]
        advance: Callable[..., int]
        cancel: Callable[..., int]
        clear: Callable[..., None]
        give_up: Callable[..., None]
        restore: Callable[..., None]
        slow: Callable[..., None]
        drain: Callable[..., None]
        open_queue: Callable[..., None]
        scale_limits: Callable[..., None]
        is_live: Callable[..., bool]


FAST_CALL = 0x80
"""CPython's METH_FASTCALL: positional arguments, as an array of objects."""


class MethodDefinition(ctypes.Structure):
    """CPython's PyMethodDef."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


@lru_cache(maxsize=1)
def doors() -> Doors:
    """All doors, loaded once in a process; compiled first where no folder holds their code."""
    if not COMPILED:
        entry = import_module("simulator.kernel.compiled.entry")
        return SimpleNamespace(**{name: getattr(entry, name) for name in DOORS})
    from simulator.kernel.machine_code import store

    return loaded(store.kept_code() or made_code())


def made_code() -> bytes:
    """Compiles the kernel and keeps its machine code."""
    from simulator.kernel.machine_code import building, store

    code = building.object_code()
    store.keep_code(code)
    return code


def loaded(code: bytes) -> Doors:
    """The doors of some machine code, put into this process's memory."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine(jit=True)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    found = {name: callable_at(name, engine.get_function_address(symbol_of(name))) for name in DOORS}
    return SimpleNamespace(**found, engine=engine)


def callable_at(name: str, address: int) -> Callable[..., Any]:
    """A built-in function of Python's whose code is at an address."""
    definition = MethodDefinition(name.encode("ascii"), address, FAST_CALL, None)
    DEFINITIONS.append(definition)
    made: Callable[..., Any] = NEW_FUNCTION(ctypes.byref(definition), None, None)
    return made


DEFINITIONS: list[MethodDefinition] = []
"""Kept alive: functions point to them."""

NEW_FUNCTION = ctypes.pythonapi.PyCFunction_NewEx
NEW_FUNCTION.restype = ctypes.py_object
NEW_FUNCTION.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
