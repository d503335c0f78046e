"""What models do to answer lengths, in words: in a line, and multiplier by multiplier."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.scenario.recorded_answers import lengths_recorded

if TYPE_CHECKING:
    from simulator import Report, Scenario
    from simulator.report.length_effects import LengthEffects, LengthMultiplier


def length_line(scenario: Scenario, report: Report) -> str:
    """Which streams' lengths hold exactly, and by how much models change the others'."""
    if scenario.settings.quality.outcomes is not None and lengths_recorded(scenario.settings):
        return f"recorded in {scenario.settings.quality.outcomes}"
    streams = effects_of(report)
    changed = [name for name, models in streams.items() if models]
    exact = [name for name, models in streams.items() if not models]
    parts = [f"{', '.join(changed)} {span_in_words(report)}"] if changed else []
    parts += [f"{', '.join(exact)} the same whichever model answers"] if exact else []
    return "; ".join(parts)


def span_in_words(report: Report) -> str:
    """The least and the greatest factor, and how many of the multipliers behind are guesses."""
    models = [effects for models in effects_of(report).values() for effects in models.values()]
    factors = [factor for one in models for factor in (one.right_factor, one.wrong_factor)]
    behind = multipliers_of(report)
    guessed = sum(one.estimate for one in behind.values())
    span = f"x {min(factors):.2f} to {max(factors):.2f} by model and correctness"
    return f"{span}, {guessed} of {len(behind)} multipliers estimated, not measured"


def multiplier_lines(report: Report) -> list[str]:
    """Every multiplier with its model, its value and where it comes from."""
    return [
        f"{model}: {key} {one.value:g}, {'estimate: ' if one.estimate else ''}{one.source}"
        for (model, key), one in multipliers_of(report).items()
    ]


def multipliers_of(report: Report) -> dict[tuple[str, str], LengthMultiplier]:
    """Multipliers by model and name, each once."""
    return {
        (model, key): one
        for models in effects_of(report).values()
        for model, effects in models.items()
        for key, one in effects.multipliers.items()
    }


def effects_of(report: Report) -> dict[str, dict[str, LengthEffects]]:
    """By stream, every model's effects; empty where lengths hold exactly."""
    return {name: part.models for name, part in report.length_effects.items()}
