"""Scenarios drawn from the scenario's own models: every key, whatever is added to them.

What may be absent is not drawn empty: on the wire an empty list is none.
"""

from datetime import datetime
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MinLen, MultipleOf
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from simulator.arrivals import PlugInArrivals
from simulator.quantities import Spread
from simulator.settings.fleet import Deployment

LARGE, SMALL = 1e6, 1e-3
NAMES = ("a", "b-1", "C.2", "d_3")
INSTANTS = ("2026-03-04T05:06:07Z", "2026-01-01", "2025-12-31T23:59:59.125Z")
BACKENDS = ("hardware", "api", "device", "endpoint")
NUMBERS = st.floats(SMALL, LARGE)
FREE = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | NUMBERS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
SPREADS = st.one_of(
    st.builds(lambda x: {"fixed": x}, NUMBERS),
    st.builds(lambda a, b: {"median": a, "p95": a + b}, NUMBERS, NUMBERS),
    st.builds(lambda a, b: {"mean": a, "cv": b}, NUMBERS, NUMBERS),
    st.builds(lambda a: {"exponential": a}, NUMBERS),
    st.builds(lambda a, b: {"uniform": [a, a + b]}, NUMBERS, NUMBERS),
    st.builds(lambda a, b: {"quantiles": {0: a, 0.5: a, 1: a + b}}, NUMBERS, NUMBERS),
    st.builds(lambda a, b: {"values": [a, b]}, NUMBERS, NUMBERS),
    st.builds(lambda a: {"mixture": [{"fixed": a, "weight": 2.0}, {"exponential": a}]}, NUMBERS),
)


def parts(model):
    """Plain data that the model takes, with any of its keys set."""
    if issubclass(model, Spread):
        return SPREADS
    fields = {name: info for name, info in model.model_fields.items() if name not in dropped(model)}
    required = {name: field(info, name) for name, info in fields.items() if info.is_required()}
    optional = {name: field(info, name) for name, info in fields.items() if name not in required}
    drawn = st.fixed_dictionaries(required, optional=optional)
    if model is Deployment:
        drawn = st.builds(lambda data, own: {**data, **own}, drawn, st.one_of(*map(backend, BACKENDS)))
    return drawn.filter(lambda data: is_taken(model, data))


def dropped(model):
    """Keys that are drawn otherwise: of a deployment's back-ends there is exactly one."""
    return BACKENDS if model is Deployment else ()


def backend(name):
    """A deployment's one back-end."""
    return field(Deployment.model_fields[name], name).filter(bool).map(lambda data: {name: data})


def is_taken(model, data):
    """Whether the model takes the data."""
    try:
        model.model_validate(data)
    except ValidationError:
        return False
    return True


def field(info, name=""):
    """Values of a key; a week has seven factors, and what may be absent is given."""
    if name == "weekday_factors":
        return st.lists(NUMBERS, min_size=7, max_size=7)
    return values(info.annotation, info.metadata)


def values(kind, marks=()):
    """Values of a type within its marks."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return values(inner[0], [*marks, *flat(inner[1:])])
    if origin in (Union, UnionType):
        some = [*marks, MinLen(1)] if NoneType in inner else marks
        return st.one_of(*(values(one, some) for one in inner if one is not NoneType and is_drawn(one)))
    if origin in (tuple, dict):
        return several(origin, inner, marks)
    return st.sampled_from(inner) if origin is Literal else plain(kind, marks)


def several(origin, inner, marks):
    """Values of a list, a pair or a map."""
    if origin is tuple and inner[-1] is Ellipsis:
        return st.lists(values(inner[0]), min_size=bound(marks, MinLen, "min_length", 0), max_size=3)
    if origin is tuple:
        return st.tuples(*map(values, inner)).map(sorted)
    least = bound(marks, MinLen, "min_length", 0)
    return st.dictionaries(values(inner[0]), values(inner[1]), min_size=least, max_size=3)


def is_drawn(kind):
    """Whether a branch of a union is drawn: plug-ins need one that is installed."""
    return PlugInArrivals not in get_args(kind)


def flat(marks):
    """Marks, those within a field's information as well."""
    nested = [mark.metadata if isinstance(mark, FieldInfo) else [mark] for mark in marks]
    return [mark for several in nested for mark in several]


def plain(kind, marks):
    """Values of a class."""
    simple = {object: FREE, bool: st.booleans(), datetime: st.sampled_from(INSTANTS)}
    if kind in simple:
        return simple[kind]
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return parts(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from([one.value for one in kind])
    if kind is str:
        named = any(hasattr(mark, "pattern") for mark in marks)
        return st.sampled_from(NAMES) if named else st.text(max_size=8)
    return number(kind, marks)


def number(kind, marks):
    """Numbers within their bounds."""
    low = bound(marks, Ge, "ge", bound(marks, Gt, "gt", -LARGE))
    high = bound(marks, Le, "le", bound(marks, Lt, "lt", LARGE))
    if kind is Decimal:
        return st.decimals(max(low, 0), 99, places=3)
    if kind is int:
        step = bound(marks, MultipleOf, "multiple_of", 1)
        last = int(high) - any(isinstance(mark, Lt) for mark in marks)
        return st.integers(-int(-low // step), last // step).map(lambda count: count * step)
    open_low, open_high = (any(isinstance(mark, one) for mark in marks) for one in (Gt, Lt))
    return st.floats(low, high, exclude_min=open_low, exclude_max=open_high, allow_subnormal=False)


def bound(marks, kind, name, default):
    """What a mark says, where there is one."""
    return next((getattr(mark, name) for mark in marks if isinstance(mark, kind)), default)
