"""How a model stands on the chips of a replica: which widths there can be, and what they leave.

Formulas: docs/methodology/serving.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.serving.hardware import WEIGHT_BYTES, Layout

if TYPE_CHECKING:
    from collections.abc import Iterator

    from catalogs.records import Accelerator
    from simulator.serving.hardware import Shape
    from simulator.settings.engine import Hardware

WIDTHS = (1, 2, 4, 8, 16)
Widths = tuple[int, int]
"""Tensor-parallel width of an attention rank, and attention ranks."""


def widths_of(hardware: Hardware) -> Widths:
    """The widths that a scenario gives."""
    return hardware.tensor_parallel, hardware.attention_data_parallel


def layout_of(hardware: Hardware, widths: Widths | None = None) -> Layout:
    """How one attention rank stands on its chips, or would at other widths; experts lie on all chips."""
    width, ranks = widths or widths_of(hardware)
    return Layout(
        tensor_parallel=width,
        expert_chips=width * ranks if ranks > 1 else 0,
        weight_bytes=WEIGHT_BYTES[hardware.precision],
        kv_bytes=WEIGHT_BYTES[hardware.kv_precision],
    )


def layout_problems(
    model: str, shape: Shape, hardware: Hardware, accelerator: Accelerator
) -> Iterator[tuple[str, str]]:
    """Widths that the host, the model's heads or its experts do not allow."""
    width, ranks = widths_of(hardware)
    yield from host_problems(hardware, accelerator)
    if shape.heads % width:
        fitting = ", ".join(str(n) for n in WIDTHS if shape.heads % n == 0)
        what = f"the {shape.heads} heads of {model!r} cannot be divided among {width}; allowed: {fitting}"
        yield "hardware.tensor_parallel", what
    if not shape.experts:
        yield from dense_problems(model, hardware)
        return
    experts = hardware.expert_parallel
    if experts is not None and (width * ranks % experts or shape.experts % experts):
        fitting = ", ".join(str(n) for n in WIDTHS if width * ranks % n == 0 and shape.experts % n == 0)
        what = f"{experts} divides not both {width * ranks} chips and {shape.experts} experts"
        yield "hardware.expert_parallel", f"{what}; allowed: {fitting}"


def layout_warnings(name: str, hardware: Hardware) -> tuple[str, ...]:
    """What a layout says that step times do not tell apart: docs/decisions/0047."""
    if hardware.expert_parallel is None:
        return ()
    return (f"{name}: expert_parallel is checked, but step times are those of evenly busy chips either way",)


def host_problems(hardware: Hardware, accelerator: Accelerator) -> Iterator[tuple[str, str]]:
    """A replica that is wider than a host: links between hosts are not simulated."""
    limit = accelerator.chips_per_host
    width, ranks = widths_of(hardware)
    if width > limit:
        yield "hardware.tensor_parallel", f"a host has {limit} chips of {accelerator.name!r}"
    elif width * ranks > limit:
        what = f"{width} x {ranks} chips; a host has {limit} of {accelerator.name!r}"
        yield "hardware.attention_data_parallel", what


def dense_problems(model: str, hardware: Hardware) -> Iterator[tuple[str, str]]:
    """Expert layouts of a model without experts."""
    if hardware.attention_data_parallel > 1:
        what = f"{model!r} has no experts that ranks could share; give replicas instead"
        yield "hardware.attention_data_parallel", what
    if (hardware.expert_parallel or 1) > 1:
        yield "hardware.expert_parallel", f"{model!r} has no experts; allowed: 1"


def other_widths(hardware: Hardware, limit: int) -> list[Widths]:
    """Widths to try instead, the fewest chips first: further ranks only where there are some."""
    ranks = WIDTHS if hardware.attention_data_parallel > 1 else (1,)
    pairs = [(width, count) for width in WIDTHS for count in ranks if width * count <= limit]
    return sorted(pairs, key=lambda pair: (pair[0] * pair[1], pair[0]))


def words_of(widths: Widths) -> str:
    """Widths as a scenario gives them."""
    width, ranks = widths
    return f"tensor_parallel: {width}" + (f", attention_data_parallel: {ranks}" if ranks > 1 else "")
