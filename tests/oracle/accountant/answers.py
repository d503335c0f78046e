"""What models do to answer lengths, from the scenario's words and the catalog's figures."""

from __future__ import annotations

NEUTRAL = {"verbosity": 1, "wrong_length_ratio": 1, "reasoning_ratio": 0}


def lengths_changed(scenario, records):
    """By stream, the effects of every model of the fleet; none where lengths hold exactly."""
    asked = {row["stream"] for row in records.requests}
    names = {entry.model for entry in scenario.fleet}
    return {
        stream.name: {
            "models": {
                name: effects(scenario.catalog.model(name), stream.task)
                for name in names
                if not is_measured(scenario.catalog.model(name), stream)
            }
            if stream.name in asked and is_changed(scenario, stream)
            else {}
        }
        for stream in scenario.streams
    }


def is_changed(scenario, stream):
    """Whether some answer's length is the answering model's."""
    if scenario.settings.quality.outcomes is not None or stream.length_effects == "none":
        return False
    if stream.length_effects == "all":
        return True
    alone = stream.session is None and stream.agent is None
    recorded = stream.arrivals.pattern == "trace" and alone
    return stream.output_tokens is None and not recorded


def is_measured(model, stream):
    """Whether the model's lengths on the task were measured, and the stream asks for the task's."""
    if stream.task not in model.answer_lengths or stream.output_tokens is not None:
        return False
    return stream.length_effects == "task" or stream.arrivals.pattern != "trace"


def effects(model, task):
    """Visible lengths r of right and q r of wrong answers, p r + (1 - p) q r = v; hidden ones on top."""
    p, q, hidden = model.success.get(task, 0), model.wrong_length_ratio, model.reasoning_ratio
    r = model.verbosity / (p + q - p * q)
    told = {}
    for key, neutral in NEUTRAL.items():
        if getattr(model, key) != neutral:
            origin = model.origin_of(key)
            told[key] = {"value": getattr(model, key), "estimate": origin.estimate, "source": origin.source}
    return {"right_factor": r / (1 - hidden), "wrong_factor": q * r / (1 - hidden), "multipliers": told}
