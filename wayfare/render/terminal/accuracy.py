"""The table of `wayfare accuracy`: errors to expect, the nearest measured points, what to measure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.padding import Padding

from wayfare.render.grounds import in_percent, time_words
from wayfare.render.terminal.console import console
from wayfare.render.terminal.layout import TableColumn, TableRow, print_figures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from simulator.report.expected_accuracy import ExpectedAccuracy, NearbyGroup
    from simulator.report.grounds import TimesGrounds

COLUMNS: tuple[tuple[str, int], ...] = (
    ("times", 0), ("TPOT median", 1), ("TPOT mean", 2), ("TTFT median", 3), ("points", 4),
)  # fmt: skip
"""Headings, and their ranks."""
SHORT = {
    "calibrated": "calibrated",
    "recipe": "fitted",
    "group": "fitted",
    "model": "held out",
    "accelerator": "estimated",
}
"""What times are, in a word; others by their own."""
INDENT = (0, 0, 0, 2)
NUMBERS = {3: "three", 4: "four", 5: "five", 6: "six"}


def print_accuracy(found: Sequence[ExpectedAccuracy]) -> None:
    """Prints a row for each deployment, and below the table what each stands on."""
    out = console()
    rows = [TableRow(name=one.deployment, cells=cells(one.times)) for one in found]
    print_figures(out, "deployment", [TableColumn(head=head, rank=rank) for head, rank in COLUMNS], rows)
    for one in found:
        print_basis(out, one)


def cells(times: TimesGrounds) -> list[str]:
    """What times are, the errors to expect, and the points behind them."""
    errors = (times.tpot_median, times.tpot_mean, times.ttft_median)
    count = "-" if times.points is None else f"{times.points:,}"
    return [SHORT.get(times.kind, times.kind), *map(in_percent, errors), count]


def print_basis(out: Console, one: ExpectedAccuracy) -> None:
    """What a deployment's times are in words, its nearest groups, and what would bring the error down."""
    out.print()
    out.print(f"{one.deployment} ({one.model} on {one.platform}): {time_words(one.times, 'hardware')}")
    near = [near_words(group) for group in one.nearest]
    for line in near or [f"none; no measured points are known of profile {one.profile!r}"]:
        out.print(Padding(f"nearest: {line}", INDENT, expand=False))
    out.print(Padding(remedy_words(one), INDENT, expand=False))


def near_words(near: NearbyGroup) -> str:
    """`Llama-3.1-8B bf16 on h100 (vllm 0.19.0), 14 points, ...; differs: h100, bf16`."""
    group = near.group
    chips = f"{group.chips} " if group.chips > 1 else ""
    what = f"{group.model} {group.precision} on {chips}{group.accelerator} ({group.engine} {group.version})"
    error = (
        "" if group.tpot_median is None else f", TPOT off by {in_percent(group.tpot_median)} when left out"
    )
    spans = (
        f"{span(group.input_least, group.input_most)} tokens in, "
        f"{span(group.output_least, group.output_most)} out, "
        f"{span(group.batch_least, group.batch_most)} sequences"
    )
    other = f"differs: {', '.join(near.differs)}" if near.differs else "same configuration"
    return f"{what}, {group.points} points, {spans}{error}; {other}"


def span(least: int, most: int) -> str:
    """`1 to 256`, or one number."""
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"


def remedy_words(one: ExpectedAccuracy) -> str:
    """One sentence: what to measure, and which error is to be expected then."""
    if one.times.kind == "extrapolated":
        return "to know the error: measure it; no layout or drafting like it is in the fit or in `calibrate`"
    remedy = one.remedy
    number = NUMBERS.get(remedy.points, str(remedy.points))
    what = (
        f"{number} closed-loop points of {one.model} on {one.platform} at 1 to {remedy.batch_most} sequences"
    )
    return f"{aim(one)}: {what}, then `wayfare calibrate`: {outcome(one)}"


def aim(one: ExpectedAccuracy) -> str:
    """Whether a calibration halves the error, brings it down, or leaves it."""
    now, after = one.times.tpot_median, one.remedy.tpot_median
    if now is None or after is None:
        return "to know the error"
    if after <= now / 2.0:
        return "to halve the error"
    return "to bring the error down, though not to half" if after < now else "to check the error"


def outcome(one: ExpectedAccuracy) -> str:
    """The error that is left after a calibration."""
    after = one.remedy.tpot_median
    if after is None:
        return "it reports its error on them"
    other_chip = one.times.kind == "accelerator"
    whose = "groups never seen, on chips of the fit" if other_chip else "groups never seen"
    return f"{in_percent(after)} in the median on {whose}"
