"""Measured points of serving engines: one configuration under a closed loop, TTFT and TPOT."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from catalogs.errors import InputProblem
from catalogs.model_import.architectures import architectures
from catalogs.near_names import did_you_mean, unknown_name
from catalogs.units import SECONDS_PER_MS
from simulator.calibration.predicted.closed_loop import SPREAD_RATIO
from simulator.fleet.backends.hardware import shape_of
from simulator.serving.hardware import WEIGHT_BYTES, Layout
from simulator.serving.speculation import tokens_per_step
from simulator.tables import InvalidTableError, count_of, open_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from catalogs import Catalog
    from catalogs.records import Architecture, Precision
    from simulator.serving.hardware import Shape

NEEDED = ("model", "accelerator", "engine", "input_tokens", "output_tokens", "batch_size", "tp")
ACCELERATORS = {"h100_sxm": "h100", "h200_sxm": "h200", "b200_sxm": "b200", "a100_sxm": "a100"}
"""The catalog's name of an accelerator where a file calls it otherwise; `_sxm` is dropped too."""
PRECISIONS: dict[str, Precision] = {
    "bfloat16": "bf16", "bf16": "bf16", "float16": "fp16", "fp16": "fp16", "fp8": "fp8", "int8": "int8",
    "mxfp4": "fp4", "nvfp4": "fp4", "fp4": "fp4", "int4": "int4",
}  # fmt: skip
"""Names of precisions in files, and the catalog's."""
INTEGER = ("int4", "int8")
"""What no quantisation mode or model's name tells better."""
SQUARED = {16: 4, 64: 8}
"""Chips behind widths that a file gives as the product of two (serving.md: 16 means 4 x 4)."""
MULTI_TOKEN_PREDICTION = {("trtllm", "1.2.0rc6.post3")}
"""Recipes that draft a token with the model's own extra layer where no column says so: DeepSeek takes 0.6 of
the time that the same recipe takes a build earlier, as one draft token and its usual acceptance explain."""
USUAL_ACCEPTANCE = 0.8
"""Share of single draft tokens kept by multi-token prediction (DeepSeek-V3, arXiv 2412.19437: 85 to 90 %
for its own answers; benchmarks with random text keep fewer)."""
MONTH_LENGTH = len("2026-11")
MOST_WIDTH, MOST_BATCH = 8, 256
HOPPER = ("h100", "h200")
WIDE_KV_ON_HOPPER = ("vllm", "sglang")
"""Engines whose recipes leave the KV cache at 16 bits on Hopper whatever the weights
(docs/decisions/0055)."""


class InvalidPointsError(ValueError):
    """A file of points that cannot be used; lists what is wrong."""

    def __init__(self, problems: tuple[InputProblem, ...]) -> None:
        """Keeps the problems."""
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        """All problems, one a line."""
        return "\n".join(str(problem) for problem in self.problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One measured configuration.

    `batch` sequences stand in the loop of each attention rank, `ranks` ranks share the experts; a file's
    `concurrency` is that of all ranks, its `batch_size` that of one rank or of one of a squared width.
    `weight` is how much the point counts in a fit.
    A decode step computes `width` tokens of a sequence and keeps `kept` of them: 1 without drafts.
    `version` is the engine's, or the month of the measurement where the file does not give it.
    `kv_room_tokens` is the room that the engine logged, `max_num_batched_tokens` and `max_num_seqs` are its
    limits: tokens of a step and sequences at once. None: the formula's, the profile's or the engine's own.
    Measured values are None where the file has none; seconds.
    """

    model: str
    accelerator: str
    engine: str
    version: str
    precision: Precision
    shape: Shape
    layout: Layout
    input_tokens: int
    output_tokens: int
    batch: int
    ranks: int
    width: int = 1
    kept: float = 1.0
    weight: float = 1.0
    kv_room_tokens: int | None = None
    max_num_batched_tokens: int | None = None
    max_num_seqs: int | None = None
    ttft_s: float | None
    tpot_s: float | None

    @property
    def group(self) -> tuple[str, str, str, str, int]:
        """What is held out together: model, accelerator, engine, precision, width."""
        width = self.layout.tensor_parallel
        return (self.model, self.accelerator, self.engine, self.precision, width)

    @property
    def regime(self) -> str:
        """How loaded the loop is: light, knee or saturated, by sequences."""
        return "light" if self.batch <= 8 else "knee" if self.batch <= 64 else "saturated"  # noqa: PLR2004  (stated in docs/accuracy.md)


def read_rows(path: Path, needed: Sequence[str] = NEEDED) -> list[dict[str, str]]:
    """The file's rows as they stand.

    Raises:
        InvalidPointsError: the file is missing, empty or lacks columns.
    """
    names, rows = numbered_rows(path)
    demand_columns(path, names, needed)
    return [row for _number, row in rows]


def numbered_rows(path: Path) -> tuple[tuple[str, ...], list[tuple[int, dict[str, str]]]]:
    """The names of a file's columns, and its rows as they stand with their numbers.

    Raises:
        InvalidPointsError: the file is missing or empty.
    """
    try:
        with open_table(path) as table:
            names = tuple(name for name in table.names if name)
            rows = list(table.records(names))
    except InvalidTableError as error:
        raise InvalidPointsError(error.problems) from error
    if not rows:
        raise InvalidPointsError((InputProblem(str(path), "row 1", "no rows"),))
    return names, rows


def demand_columns(path: Path, names: Sequence[str], needed: Sequence[str]) -> None:
    """Raises `InvalidPointsError` where columns are missing."""
    absent = [name for name in needed if name not in names]
    if absent:
        raise InvalidPointsError((InputProblem(str(path), "row 1", f"missing columns: {', '.join(absent)}"),))


def in_domain(row: dict[str, str]) -> bool:
    """Whether a row lies where profiles are fitted: narrow layouts, one attention rank, usual batches."""
    width, batch = (count_of(row.get(name) or "1") for name in ("tp", "batch_size"))
    if width is None or batch is None or width > MOST_WIDTH or batch > MOST_BATCH:
        return False
    try:
        return widths_of(row)[1] == 1
    except ValueError:
        return False


def architecture_in(catalog: Catalog, model: str) -> Architecture | None:
    """The shape of a model by its published name, or by that of a catalog entry."""
    entry = catalog.models.get(model)
    return entry.architecture if entry and entry.architecture else architectures().get(model)


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """`unknown model 'x'`, and the near ones where there are any."""
    near = did_you_mean(name, known, count=3).strip()
    return f"unknown {kind} {name!r}{'; ' if near else ''}{near}"


def unknown_model(catalog: Catalog, model: str) -> str:
    """That no shape is known of a model."""
    return unknown("model", model, {**catalog.models, **architectures()})


def accelerator_name(stated: str, catalog: Catalog) -> str:
    """The catalog's name of an accelerator, whatever its case; empty where it has none."""
    if stated in catalog.accelerators:
        return stated
    low = stated.strip().lower()
    if low.replace("_", "-") in catalog.accelerators:
        return low.replace("_", "-")
    name = ACCELERATORS.get(low, low.removesuffix("_sxm"))
    return name if name in catalog.accelerators else ""


def point_of(row: dict[str, str], catalog: Catalog) -> Point | str:
    """The point in a row, or why it cannot be predicted."""
    architecture = architecture_in(catalog, row["model"])
    if architecture is None:
        return unknown_model(catalog, row["model"])
    name = accelerator_name(row["accelerator"], catalog)
    if not name:
        return unknown("accelerator", row["accelerator"], catalog.accelerators)
    row = {**row, "engine": engine_name(row["engine"], catalog)}
    try:
        return made_of(row, shape_of(architecture), name)
    except ValueError as error:
        return str(error)


def engine_name(stated: str, catalog: Catalog) -> str:
    """The engine as profiles call it, whatever its case; what is told where no profile is of it."""
    engines = {entry.engine.lower(): entry.engine for entry in catalog.serving_profiles.values()}
    return engines.get(stated.strip().lower(), stated)


def made_of(row: dict[str, str], shape: Shape, accelerator: str) -> Point:
    """The point in a row whose model and accelerator are known.

    Raises:
        ValueError: a number is none.
    """
    precision = precision_of(row)
    ranks, layout = layout_of(row, precision)
    layout = replace(layout, kv_bytes=kv_bytes_of(row, precision, accelerator))
    width, kept = drafts_of(row, shape)
    point = Point(
        model=row["model"],
        accelerator=accelerator,
        engine=row["engine"],
        version=version_of(row),
        precision=precision,
        shape=shape,
        layout=layout,
        input_tokens=whole(row, "input_tokens"),
        output_tokens=max(whole(row, "output_tokens", least=0), 2),
        batch=batch_of(row) if ranks == 1 else max(round(concurrency_of(row) / ranks), 1),
        ranks=ranks,
        width=width,
        kept=kept,
        kv_room_tokens=stated(row, "kv_room_tokens"),
        max_num_batched_tokens=stated(row, "max_num_batched_tokens"),
        max_num_seqs=stated(row, "max_num_seqs"),
        ttft_s=measured_s(row, "ttft_ms"),
        tpot_s=measured_s(row, "tpot_ms"),
    )
    demand_room(point)
    return point


def stated(row: dict[str, str], name: str) -> int | None:
    """A whole number from 1 on where the row has one.

    Raises:
        ValueError: the text is no such number.
    """
    return whole(row, name) if row.get(name) else None


def demand_room(point: Point) -> None:
    """Raises `ValueError` where the logged room holds no single request: none could have been served."""
    longest = math.ceil((point.input_tokens + point.output_tokens) * (1.0 + SPREAD_RATIO / 2.0))
    room = point.kv_room_tokens
    if room is not None and room < longest:
        message = f"kv_room_tokens is {room}; it should hold one request, {longest} tokens here"
        raise ValueError(message)


def drafts_of(row: dict[str, str], shape: Shape) -> tuple[int, float]:
    """Tokens of a sequence in a decode step and how many are kept, as the row or its recipe says.

    Raises:
        ValueError: a number is none.
    """
    tokens = whole(row, "draft_tokens", 0, least=0)
    if tokens:
        ratio = positive(row, "acceptance_ratio") or USUAL_ACCEPTANCE
        return tokens + 1, tokens_per_step(tokens, min(ratio, 1.0))
    if (row["engine"], version_of(row)) in MULTI_TOKEN_PREDICTION and shape.mla_width:
        return 2, tokens_per_step(1, USUAL_ACCEPTANCE)
    return 1, 1.0


def measured_s(row: dict[str, str], name: str) -> float | None:
    """A measured time in seconds, where the row has a positive one."""
    value = positive(row, name)
    return None if value is None else value * SECONDS_PER_MS


def positive(row: dict[str, str], name: str) -> float | None:
    """A positive number of the row, if it has one.

    Raises:
        ValueError: the text is no finite number.
    """
    text = row.get(name) or "0"
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        message = f"{name} is {text!r}; it should be a number"
        raise ValueError(message)
    return value if value > 0.0 else None


def whole(row: dict[str, str], name: str, absent: int | None = None, least: int = 1) -> int:
    """A whole number of the row (`8`, `8.0`) from `least` on, or `absent` where it has none.

    Raises:
        ValueError: the text is no whole number.
    """
    text = row.get(name) or ""
    found = absent if not text and absent is not None else count_of(text)
    if found is None or found < least:
        message = f"{name} is {text!r}; it should be a whole number from {least} on"
        raise ValueError(message)
    return found


def version_of(row: dict[str, str]) -> str:
    """The engine's version; where the row gives none, the year and month it was measured in."""
    return row.get("engine_version", "") or row.get("measured_on", "")[:MONTH_LENGTH]


def kv_bytes_of(row: dict[str, str], precision: Precision, accelerator: str) -> float:
    """Bytes of a KV element: as the row's `kv_precision` says, else as engines are usually started.

    Quantised models keep their KV cache in 8 bits, but not those of `WIDE_KV_ON_HOPPER` there.
    """
    stated = row.get("kv_precision", "")
    if stated in WEIGHT_BYTES:
        return WEIGHT_BYTES[stated]
    wide = row["engine"] in WIDE_KV_ON_HOPPER and accelerator in HOPPER
    return WEIGHT_BYTES["bf16" if wide or precision == "bf16" else "fp8"]


def precision_of(row: dict[str, str]) -> Precision:
    """Precision of the weights, by the column, the quantisation mode or the model's name.

    Raises:
        ValueError: the column has a precision that nobody knows.
    """
    given = row.get("precision", "").strip().lower()
    if given and given not in PRECISIONS:
        raise ValueError(unknown_name("precision", row["precision"], PRECISIONS))
    if given in INTEGER:
        return PRECISIONS[given]
    stated = f"{row.get('precision', '')} {row.get('gemm_quant_mode', '')} {row['model']}".lower()
    if "fp4" in stated:
        return "fp4"
    return "fp8" if "fp8" in stated else "bf16"


def layout_of(row: dict[str, str], precision: Precision) -> tuple[int, Layout]:
    """Attention ranks, and the layout of one of them."""
    width, ranks, spread = widths_of(row)
    if ranks > 1 and width > 1 and spread > width * ranks // 2:
        width = max(spread // ranks, 1)
    experts = max(width * ranks, 1)
    return ranks, Layout(tensor_parallel=width, expert_chips=experts, weight_bytes=WEIGHT_BYTES[precision])


def widths_of(row: dict[str, str]) -> tuple[int, int, int]:
    """Chips of an attention rank, ranks, and chips that the experts are spread over.

    Where `attention_dp` is blank, chips of the experts beside `tp` are ranks, or as many loops of the batch
    as the concurrency holds, where they divide `tp`.
    """
    chips, given = whole(row, "tp"), whole(row, "attention_dp", 1)
    width, ranks = SQUARED.get(chips, chips), SQUARED.get(given, given)
    spread = whole(row, "moe_tp_size", 1, least=0) * whole(row, "moe_ep_size", 1, least=0)
    spread = SQUARED.get(spread, spread)
    if not row.get("attention_dp"):
        width, ranks = untold_ranks(width, spread, concurrency_of(row) // batch_of(row))
    return width, ranks, spread


def batch_of(row: dict[str, str]) -> int:
    """Sequences in a loop, as the row has them."""
    return max(whole(row, "batch_size", least=0), 1)


def concurrency_of(row: dict[str, str]) -> int:
    """Sequences in all loops together; those of one where the row does not tell."""
    return max(whole(row, "concurrency", batch_of(row), least=0), 1)


def untold_ranks(width: int, spread: int, loops: int) -> tuple[int, int]:
    """Width and attention ranks where a row does not tell the latter."""
    if spread > width:
        return width, spread // width
    return (width // loops, loops) if loops > 1 and width % loops == 0 and spread == width else (width, 1)
