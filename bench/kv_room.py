"""States how far the room of KV caches is from what engines logged: `make room`.

Reads tests/serving/kv_room_facts.csv and kv_room_shapes.csv and writes docs/kv-room.md.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from statistics import mean, median
from typing import TYPE_CHECKING

from catalogs.model_import.architectures import architectures, figures_in
from catalogs.records import Architecture
from simulator.fleet.backends.hardware import shape_of
from simulator.serving.hardware import GIB, WEIGHT_BYTES, Chip, Engine, Layout, Memory, Shape
from simulator.serving.kv_room import (
    DRIVER_BYTES,
    activation_bytes,
    kv_room_tokens,
    non_torch_bytes,
    room_bytes,
    weight_bytes,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "tests" / "serving"
PAGE = ROOT / "docs" / "kv-room.md"
SAMPLERS = {"sorted": 38.0, "fused": 16.0, "none": 0.0}
"""Bytes of the sampler's warm-up per sequence and entry of the vocabulary: PyTorch's sort of the logits (vLLM
to 0.11.0), fused kernels since, and V0's chunked prefill, which draws no tokens at start-up."""
Coefficients = dict[str, float]
STEPS = {"sorted": 1.0, "fused": 1.0, "context": 0.02 * GIB, "collective": 0.1 * GIB}
NEAR_BYTES_PER_S, FAR_BYTES_PER_S = 300e9, 16e9
MOST_GUESSES = 200
CUT = 0.05
"""A larger error counts as this one in a fit."""
START = {"sorted": 32.0, "fused": 20.0, "context": 0.1 * GIB, "collective": 1.0 * GIB}
"""Where a fit begins: not at what it should find."""
SHIPPED: Coefficients = {
    **{name: SAMPLERS[name] for name in ("sorted", "fused")},
    "context": Memory().context_bytes,
    "collective": Memory().collective_bytes,
}
HEAD = (
    "# Room of KV caches against start-up logs",
    "Made by `make room`; do not edit. [Formula](methodology/serving.md#kv-room-kv_room_tokens).",
    "Facts with their sources: `tests/serving/kv_room_facts.csv`.",
    "",
)
PARTS = (
    "Logged / computed, GiB of a chip:",
    "",
    "| model | chips | version | weights | activations | non-torch | room | error |",
    "|---|---|---|---|---|---|---|---|",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One start-up as logged; GiB are of one chip, tokens of the replica; None: not logged."""

    row: dict[str, str]
    shape: Shape
    layout: Layout
    memory: Memory
    chip: Chip

    def logged(self, name: str) -> float | None:
        """A logged figure."""
        return float(self.row[name]) if self.row[name] else None

    def engine(self, told: Coefficients = SHIPPED) -> Engine:
        """The engine with the coefficients to be judged."""
        sampler = {**SAMPLERS, **told}[self.row["sampler"] or "none"]
        memory = replace(
            self.memory,
            sampler_bytes=sampler,
            context_bytes=told["context"],
            collective_bytes=told["collective"],
        )
        return Engine(
            weight_read=1.0,
            kv_read=1.0,
            prefill_flops=1.0,
            decode_flops=1.0,
            layer_s=0.0,
            layer_tp_s=0.0,
            sequence_s=0.0,
            step_s=0.0,
            all_reduce=1.0,
            memory=memory,
        )

    @property
    def name(self) -> str:
        """The model, without its publisher."""
        return self.row["model"].rsplit("/", 1)[-1]

    @property
    def family(self) -> str:
        """What the fact is an example of: kind of model, and format of its weights."""
        kind = "mixtures of experts" if self.shape.experts else "dense"
        widths = {2.0: "16 bits", 1.0: "8 bits"}
        return f"{kind}, {widths.get(self.layout.weight_bytes, '4 bits')}"

    def error(self, told: Coefficients = SHIPPED) -> float:
        """Relative error of the room: of its tokens where they are logged and plain, else of its GiB."""
        tokens, gib = self.logged("room_tokens"), self.logged("room_gib")
        if tokens is not None and self.shape.kv_layers == self.shape.layers:
            found = kv_room_tokens(self.shape, self.chip, self.engine(told), self.layout)
            return found / tokens - 1.0
        if gib is None:
            message = f"no room logged for {self.row['model']!r}"
            raise ValueError(message)
        room = room_bytes(self.shape, self.chip, self.engine(told), self.layout)
        return room / self.layout.tensor_parallel / GIB / gib - 1.0


def facts(use: Iterable[str] = ("room",)) -> list[Fact]:
    """The facts of a use: `room` (judged), `parts` (only parts of it), `no` (flags unknown, and why)."""
    shapes = shapes_by_name()
    rows = [row for row in read(FOLDER / "kv_room_facts.csv") if row["use"] in set(use)]
    return [fact_of(row, shapes[row["model"]]) for row in rows if row["model"]]


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def shapes_by_name() -> dict[str, Shape]:
    """The shapes of the catalog, and those that only the facts need."""
    more = {
        row["model"]: Architecture.model_validate(figures_in(row))
        for row in read(FOLDER / "kv_room_shapes.csv")
    }
    return {name: shape_of(architecture) for name, architecture in {**architectures(), **more}.items()}


def fact_of(row: dict[str, str], shape: Shape) -> Fact:
    """A row with its numbers."""
    layout = Layout(
        tensor_parallel=int(row["width"]),
        expert_chips=int(row["expert_chips"] or 0),
        weight_bytes=WEIGHT_BYTES[row["precision"]],
        kv_bytes=WEIGHT_BYTES[row["kv_dtype"]],
    )
    memory = Memory(
        utilization_ratio=float(row["utilization"] or 0.9),
        token_budget=int(row["batched_tokens"] or 8192),
        max_sequences=int(row["sequences"] or 256),
    )
    if row["engine"] == "sglang":
        memory = replace(memory, activation_bytes=0.0)
    return Fact(row=row, shape=shape, layout=layout, memory=memory, chip=chip_of(row))


def chip_of(row: dict[str, str]) -> Chip:
    """A chip of the memory that the engine saw, which is without what the driver keeps."""
    return Chip(
        flops=1.0,
        flops_16bit=1.0,
        memory_bytes=float(row["total_gib"]) * GIB + DRIVER_BYTES,
        bandwidth_bytes_per_s=1.0,
        link_bytes_per_s=NEAR_BYTES_PER_S if row["near_link"] == "1" else FAR_BYTES_PER_S,
        floor_w=0.0,
        memory_w=0.0,
        compute_w=0.0,
        idle_w=0.0,
        wait_w=0.0,
        tdp_w=0.0,
    )


def size(errors: Sequence[float]) -> tuple[float, float, float]:
    """Median, mean and largest absolute error."""
    sizes = [abs(error) for error in errors]
    return median(sizes), mean(sizes), max(sizes)


def fitted(known: Sequence[Fact]) -> Coefficients:
    """The coefficients of the least mean of errors cut at `CUT`, step by step from rounded guesses.

    Cut, because what a checkpoint's weights take beside its parameters (padding, a vision tower) is no
    matter of these coefficients.
    """
    best = dict(START)

    def loss(told: Coefficients) -> float:
        return mean(min(abs(fact.error(told)), CUT) for fact in known)

    for _ in range(MOST_GUESSES):
        guesses = [
            {**best, name: best[name] + sign * step} for name, step in STEPS.items() for sign in (-1, 1)
        ]
        guess = min((told for told in guesses if min(told.values()) >= 0.0), key=loss)
        if loss(guess) >= loss(best):
            break
        best = guess
    return best


def left_out(known: Sequence[Fact]) -> list[float]:
    """Errors of each model's facts, with the coefficients fitted to the other models' alone."""
    errors = []
    for name in sorted({fact.name for fact in known}):
        told = fitted([fact for fact in known if fact.name != name])
        errors += [fact.error(told) for fact in known if fact.name == name]
    return errors


def line(name: str, errors: Sequence[float]) -> str:
    """A row of a table of errors."""
    middle, average, most = size(errors)
    return f"| {name} | {len(errors)} | {middle:.1%} | {average:.1%} | {most:.1%} |"


def grouped(known: Sequence[Fact], key: Callable[[Fact], str]) -> list[str]:
    """Rows of errors by a property of the facts."""
    groups = groupby(sorted(known, key=key), key=key)
    return [line(name, [fact.error() for fact in group]) for name, group in groups]


def parts(fact: Fact) -> str:
    """A fact's row: what was logged and what the formula says, GiB of a chip."""
    n, told = fact.layout.tensor_parallel, fact.engine().memory
    pairs = [
        ("weights_gib", weight_bytes(fact.shape, fact.layout) / n),
        ("activation_gib", activation_bytes(fact.shape, told, n)),
        ("non_torch_gib", non_torch_bytes(fact.chip, told, n)),
        ("room_gib", room_bytes(fact.shape, fact.chip, fact.engine(), fact.layout) / n),
    ]
    cells = [f"{fact.row[name] or '-'} / {found / GIB:.2f}" for name, found in pairs]
    error = f"{fact.error():+.1%}" if fact.row["use"] == "room" else "-"
    row = fact.row
    start = f"{fact.name} | {row['width']} x {row['chip'] or '?'} | {row['version']}"
    return f"| {start} | {' | '.join(cells)} | {error} |"


def counts() -> str:
    """How many facts there are, and what they serve for."""
    rows = read(FOLDER / "kv_room_facts.csv")
    judged, partly, unused = (sum(row["use"] == use for row in rows) for use in ("room", "parts", "no"))
    return (
        f"{len(rows)} public start-ups of engines; {judged} state all that the room depends on and are "
        f"judged, {partly} serve for single parts, {unused} lack flags or shapes (the file names them). "
        "Absolute relative error of the room:"
    )


def error_table(known: Sequence[Fact]) -> list[str]:
    """Errors of all facts, of facts whose model no coefficient was fitted to, and of kinds of facts."""
    return [
        "| | facts | median | mean | largest |",
        "|---|---|---|---|---|",
        line("all", [fact.error() for fact in known]),
        line("each model by coefficients fitted to the others", left_out(known)),
        *grouped(known, lambda fact: fact.family),
        *grouped(known, lambda fact: f"{fact.row['engine']}, {fact.row['sampler']} sampler"),
        *grouped(known, lambda fact: "several chips" if fact.layout.tensor_parallel > 1 else "one chip"),
    ]


def others() -> str:
    """What other engines' rules are held against."""
    errors = [fact.error() for fact in facts(("sglang",))]
    told = ", ".join(f"{error:+.1%}" for error in errors)
    return f"SGLang's rule is held against {len(errors)} start-up: {told}; TensorRT-LLM's against none."


def page() -> str:
    """The page."""
    return "\n".join(
        [*HEAD, counts(), "", *error_table(facts()), "", others(), "", *PARTS, *rows_of_parts(), ""]
    )


def rows_of_parts() -> list[str]:
    """The rows of all facts that tell a part."""
    return [parts(fact) for fact in facts(("room", "parts"))]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
