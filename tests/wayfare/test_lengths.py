"""What models do to answer lengths is said in words, from the report alone."""

from __future__ import annotations

from partial_reports import partial_report
from simulator import Report
from wayfare.render.lengths import length_line, multiplier_lines
from world_cases import scenario

GUESSED = {"value": 0.9, "estimate": True, "source": "no measurement seen"}
MEASURED = {"value": 2.5, "estimate": False, "source": "MMLU-Pro"}


def told(**streams: dict[str, object]) -> Report:
    """A report of these streams' effects."""
    return partial_report("p", {"length_effects": {name: {"models": part} for name, part in streams.items()}})


def effects(right: float, wrong: float, **multipliers: object) -> dict[str, object]:
    """What a model does to lengths."""
    return {"right_factor": right, "wrong_factor": wrong, "multipliers": multipliers}


CHAT = {
    "small": effects(0.6, 1.5, verbosity=GUESSED, wrong_length_ratio=MEASURED),
    "large": effects(0.95, 1.2, wrong_length_ratio={**MEASURED, "value": 1.2}),
}


def test_the_span_of_factors_is_told_and_each_multiplier_counts_once() -> None:
    """Least and greatest factor of any model in any stream; multipliers belong to models."""
    report = told(chat=CHAT, forms={**CHAT, "large": effects(0.5, 1.0)}, stated={})
    assert length_line(scenario(), report) == (
        "chat, forms x 0.50 to 1.50 by model and correctness, 1 of 3 multipliers estimated, not measured; "
        "stated the same whichever model answers"
    )
    assert length_line(scenario(), told(stated={})) == "stated the same whichever model answers"


def test_each_multiplier_is_told_with_its_source() -> None:
    """Model, name, value, whether it is a guess, and where it comes from."""
    assert multiplier_lines(told(chat=CHAT, forms=CHAT)) == [
        "small: verbosity 0.9, estimate: no measurement seen",
        "small: wrong_length_ratio 2.5, MMLU-Pro",
        "large: wrong_length_ratio 1.2, MMLU-Pro",
    ]
