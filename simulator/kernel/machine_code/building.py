"""The kernel's machine code: all functions in one module, with a door each for Python to call.

A door converts Python's numbers, lets go of the interpreter's lock, calls and converts back: what
CPython calls a fast call. So no Numba is needed to call one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import llvmlite.binding as llvm
from llvmlite import ir
from numba.core import types
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target

from simulator.kernel.compiled import entry
from simulator.kernel.machine_code.names import DOORS, symbol_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from simulator.kernel.machine_code.linking import LinkedLibrary

INTEGER, REAL, NOTHING = ir.IntType(64), ir.DoubleType(), ir.VoidType()
POINTER = ir.IntType(8).as_pointer()
NULL = ir.Constant(POINTER, None)
KINDS = {"int": types.int64, "float": types.float64}
PYTHON = {
    "PyLong_AsLongLong": (INTEGER, POINTER),
    "PyLong_FromLongLong": (POINTER, INTEGER),
    "PyBool_FromLong": (POINTER, INTEGER),
    "PyFloat_AsDouble": (REAL, POINTER),
    "PyErr_Occurred": (POINTER,),
    "PyErr_BadArgument": (ir.IntType(32),),
    "PyErr_BadInternalCall": (NOTHING,),
    "PyEval_SaveThread": (POINTER,),
    "PyEval_RestoreThread": (NOTHING, POINTER),
}
"""CPython's functions that doors call: the result's type and the parameters'."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedDoor:
    """A compiled function: its name in the code, its types and the library that holds it."""

    symbol: str
    parameters: tuple[types.Type, ...]
    result: types.Type
    library: LinkedLibrary


def object_code() -> bytes:
    """The machine code of all doors and of all that they call, for this machine's processor."""
    with global_compiler_lock:
        made = {name: compiled_door(getattr(entry, name)) for name in DOORS}
        generator = cpu_target.target_context.codegen()
        whole = llvm.parse_assembly(str(generator._create_empty_module("kernel")))  # noqa: SLF001  (Numba's own)
        whole.link_in(llvm.parse_assembly(door_assembly(made)))
        for function in made.values():
            whole.link_in(function.library._get_module_for_linking(), preserve=True)  # noqa: SLF001  (Numba's own)
        keep_doors_alone(whole)
        passes, builder = generator._module_pass_manager()  # noqa: SLF001  (Numba's own)
        passes.run(whole, builder)
        code: bytes = generator._tm.emit_object(whole)  # noqa: SLF001  (Numba's own)
    return code


def compiled_door(function: Callable[..., object]) -> LinkedDoor:
    """A door's function compiled for the types that its parameters name."""
    written = dict(function.py_func.__annotations__)
    parameters = tuple(KINDS[kind] for kind in written.values())
    function.compile(parameters)
    made = function.overloads[parameters]
    return LinkedDoor(
        symbol=made.fndesc.llvm_func_name,
        parameters=parameters,
        result=made.signature.return_type,
        library=made.library,
    )


def keep_doors_alone(whole: llvm.ModuleRef) -> None:
    """Lets nobody outside see anything but the doors, so that LLVM may inline and drop the rest."""
    seen = {symbol_of(name) for name in DOORS}
    for function in whole.functions:
        if not function.is_declaration and function.name not in seen:
            function.linkage = "internal"


def door_assembly(functions: dict[str, LinkedDoor]) -> str:
    """The doors in LLVM's language."""
    module = ir.Module("doors")
    module.triple = llvm.get_process_triple()
    python = {
        name: ir.Function(module, ir.FunctionType(kinds[0], kinds[1:]), name)
        for name, kinds in PYTHON.items()
    }
    for name, function in functions.items():
        add_door(module, python, symbol_of(name), function)
    return str(module)


def add_door(module: ir.Module, python: dict[str, ir.Function], symbol: str, function: LinkedDoor) -> None:
    """Adds the door to one function: `PyObject *symbol(self, PyObject **values, Py_ssize_t count)`."""
    kind = ir.FunctionType(POINTER, [POINTER, POINTER.as_pointer(), INTEGER])
    door = ir.Function(module, kind, symbol)
    builder = ir.IRBuilder(door.append_basic_block())
    wanted = function.parameters
    wrong_count = builder.icmp_signed("!=", door.args[2], ir.Constant(INTEGER, len(wanted)))
    with builder.if_then(wrong_count, likely=False):
        builder.call(python["PyErr_BadArgument"], [])
        builder.ret(NULL)
    values = list(converted(builder, python, door.args[1], wanted))
    complaint = builder.call(python["PyErr_Occurred"], [])
    with builder.if_then(builder.icmp_unsigned("!=", complaint, NULL), likely=False):
        builder.ret(NULL)
    builder.ret(answer(builder, python, function, values))


def converted(
    builder: ir.IRBuilder, python: dict[str, ir.Function], objects: ir.Value, wanted: Iterable[object]
) -> Iterable[ir.Value]:
    """Python's numbers as the machine's."""
    for place, kind in enumerate(wanted):
        number = builder.load(builder.gep(objects, [ir.Constant(INTEGER, place)]))
        convert = "PyLong_AsLongLong" if kind is types.int64 else "PyFloat_AsDouble"
        yield builder.call(python[convert], [number])


def answer(
    builder: ir.IRBuilder, python: dict[str, ir.Function], function: LinkedDoor, values: list[ir.Value]
) -> ir.Value:
    """Calls the function without the interpreter's lock; its result as Python's number."""
    convention = cpu_target.target_context.call_conv
    types_of = (function.result, function.parameters)
    code = ir.Function(builder.module, convention.get_function_type(*types_of), function.symbol)
    thread = builder.call(python["PyEval_SaveThread"], [])
    status, found = convention.call_function(builder, code, *types_of, values)
    builder.call(python["PyEval_RestoreThread"], [thread])
    with builder.if_then(status.is_error, likely=False):
        builder.call(python["PyErr_BadInternalCall"], [])
        builder.ret(NULL)
    if function.result is types.none:
        found = ir.Constant(INTEGER, 0)
    convert = "PyBool_FromLong" if function.result is types.boolean else "PyLong_FromLongLong"
    return builder.call(python[convert], [builder.zext(found, INTEGER)])
