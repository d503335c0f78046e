"""The kernel's state as compiled code sees it: one pointer to the arrays' addresses and lengths.

Handing ten arrays from function to function would be seventy arguments a call, which only inlining
everywhere makes bearable; one pointer is one register. `k.queues` loads an address and a length
and is an array as any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from llvmlite import ir
from numba.core import types
from numba.core.datamodel import models, register_default
from numba.core.imputils import lower_getattr_generic
from numba.core.typing.templates import AttributeTemplate, infer_getattr
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array
from numba.np.numpy_support import from_dtype

from simulator.kernel.records import STATE_DTYPES

if TYPE_CHECKING:
    from collections.abc import Callable

    from numba.core.base import BaseContext

    from simulator.kernel.records import State

WORD = ir.IntType(64)
NAMES = tuple(STATE_DTYPES)
ARRAYS = {name: types.Array(from_dtype(dtype), 1, "C") for name, dtype in STATE_DTYPES.items()}


class StateType(types.Type):
    """Numba's type of the state."""

    def __init__(self) -> None:
        """The one such type."""
        super().__init__(name="KernelState")


STATE = StateType()
register_default(StateType)(models.OpaqueModel)


@infer_getattr
class StateAttributes(AttributeTemplate):
    """Types of the state's attributes."""

    key = StateType

    def generic_resolve(self, _state: StateType, name: str) -> types.Array | None:
        """The array of that name."""
        return ARRAYS.get(name)


@lower_getattr_generic(StateType)
def array_of(
    context: BaseContext, builder: ir.IRBuilder, _state: StateType, pointer: ir.Value, name: str
) -> ir.Value:
    """The array of that name, from its address and its length."""
    pairs = builder.bitcast(pointer, WORD.as_pointer())
    place = 2 * NAMES.index(name)
    address, length = (constant_word(builder, pairs, at) for at in (place, place + 1))
    array = context.make_array(ARRAYS[name])(context, builder)
    size = ir.Constant(WORD, STATE_DTYPES[name].itemsize)
    data = builder.inttoptr(address, array.data.type)
    populate_array(array, data=data, shape=[length], strides=[size], itemsize=size, meminfo=None)
    return array._getvalue()  # noqa: SLF001  (Numba's struct proxies have no other)


def constant_word(builder: ir.IRBuilder, pairs: ir.Value, place: int) -> ir.Value:
    """A word of the pairs, which no call of a door changes: loaded once, whatever is stored meanwhile."""
    word = builder.load(builder.gep(pairs, [ir.Constant(WORD, place)]))
    word.set_metadata("invariant.load", builder.module.add_metadata([]))
    return word


def lowered_state(_typing: object, _address: types.Integer) -> tuple[object, object]:
    """How Numba makes a state of an integer: the integer is the pointer."""

    def generate(
        context: BaseContext, builder: ir.IRBuilder, _signature: object, values: list[ir.Value]
    ) -> ir.Value:
        return builder.inttoptr(values[0], context.get_value_type(STATE))

    return STATE(types.int64), generate


state_at: Callable[[object], State] = intrinsic(lowered_state)
"""The state whose arrays' addresses and lengths lie at an address."""
