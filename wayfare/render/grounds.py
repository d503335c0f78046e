"""What figures are, in words: a line for each deployment, those that are alike in one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wayfare.render.numbers import PERCENT

if TYPE_CHECKING:
    from simulator import Report, Scenario
    from simulator.report.grounds import DeploymentGrounds, TimesGrounds


FITTED = {
    "calibrated": ("times calibrated on points of your own", " of configurations calibrated so"),
    "recipe": ("times fitted", ""),
    "group": ("times fitted", " on configurations left out"),
    "model": ("times fitted, the model left out", " on models left out"),
    "accelerator": ("times estimated from the data sheet", " on chips left out"),
}
"""What times are, by how near the configuration is to measured ones, and what their error is of."""
NOUNS = {"api": "the provider's latency", "device": "speeds"}
"""What times are called, by back-end, where not `times`."""


def ground_lines(scenario: Scenario, report: Report) -> list[str]:
    """`figures of small (llama-3.1-8b on l40s): times ...; watts ...`, one for all that are alike."""
    back_ends = {entry.name: entry.backend for entry in scenario.fleet}
    alike: dict[str, list[str]] = {}
    for name, found in report.grounds.items():
        alike.setdefault(f"({found.runs}): {words_of(found, back_ends[name])}", []).append(name)
    return [f"figures of {', '.join(names)} {rest}" for rest, names in alike.items()]


def words_of(found: DeploymentGrounds, back_end: str) -> str:
    """What times and the rest are."""
    watts = "energy" if back_end == "api" else "watts"
    others = {watts: found.watts, "price": found.price, "grid carbon": found.carbon, "answers": found.answers}
    told = [f"{name} {source_text(what)}" for name, what in others.items() if what != "none"]
    return "; ".join([time_words(found.times, back_end), *told])


def time_words(times: TimesGrounds, back_end: str) -> str:
    """What times are, with the error to expect where it is known."""
    kind, note = times.kind, f" ({times.note})" if times.note else ""
    if kind in FITTED:
        what, of_what = FITTED[kind]
        return f"{what}, TPOT off by {in_percent(times.tpot_median)} in the median{of_what}{note}"
    if kind == "extrapolated":
        return f"times extrapolated{note}, error not known"
    if kind == "unknown":
        return f"times by profile {times.note!r}, error not known"
    return f"{NOUNS.get(back_end, 'times')} {source_text(kind)}"


def source_text(what: str) -> str:
    """A word for figures; those of the scenario itself are as given."""
    return "as given" if what == "given" else what


def in_percent(error: float | None) -> str:
    """A relative error as a percentage."""
    return "-" if error is None else f"{error * PERCENT:.1f} %"
