"""The box that a profile's points span, as its catalog entry states it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalogs.serving_profile import Domain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator.calibration.measured.points import Point

GIGA = 1e9
SIDES = ("params_b", "chips", "input_tokens", "output_tokens", "batch")


def box_of(points: Sequence[Point]) -> Domain:
    """The smallest box around points; only called where there are some."""
    params = [float(f"{point.shape.total_params / GIGA:.4g}") for point in points]
    return Domain(
        accelerators=tuple(sorted({point.accelerator for point in points})),
        params_b=(min(params), max(params)),
        chips=span([point.layout.tensor_parallel for point in points]),
        input_tokens=span([point.input_tokens for point in points]),
        output_tokens=span([point.output_tokens for point in points]),
        batch=span([point.batch for point in points]),
    )


def span(values: Sequence[int]) -> tuple[int, int]:
    """The least and the most."""
    return min(values), max(values)


def united(one: Domain | None, other: Domain) -> Domain:
    """The smallest box around two; sides that either does not know stay unknown."""
    if one is None:
        return other
    sides = {}
    for side in SIDES:
        a, b = getattr(one, side), getattr(other, side)
        sides[side] = (min(a[0], b[0]), max(a[1], b[1])) if a and b else None
    accelerators = tuple(sorted({*one.accelerators, *other.accelerators}))
    return Domain(accelerators=accelerators, **sides)
