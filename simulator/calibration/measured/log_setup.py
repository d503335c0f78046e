"""The configuration of the engine behind a log of requests, from the texts of options, checked at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import nan
from typing import TYPE_CHECKING

import numpy as np

from catalogs.errors import InputProblem
from catalogs.near_names import unknown_name
from simulator.calibration.measured.points import (
    PRECISIONS,
    InvalidPointsError,
    accelerator_name,
    architecture_in,
    point_of,
    unknown,
    unknown_model,
)
from simulator.calibration.measured.request_log import LEAST_COMPLETE
from simulator.tables import count_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from catalogs import Catalog
    from catalogs.serving_profile import ServingProfile
    from simulator.calibration.measured.points import Point
    from simulator.calibration.measured.request_log import RequestLog

LIMITS = ("max_num_seqs", "max_num_batched_tokens", "kv_room_tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSetup:
    """How a logged engine was started, as options say it; None where they say nothing.

    `until` is what a calibration is to know of the log: its first seconds.
    """

    model: str | None = None
    accelerator: str | None = None
    precision: str = "bf16"
    tensor_parallel: str = "1"
    max_num_seqs: str | None = None
    max_num_batched_tokens: str | None = None
    kv_room_tokens: str | None = None
    until: str | None = None


def log_point(setup: LogSetup, log: RequestLog, profile: ServingProfile, catalog: Catalog) -> Point:
    """The configuration as a point: mean lengths, and the sequences at once in the mean.

    Engine and version are the profile's.

    Raises:
        InvalidPointsError: lists what is wrong with the options.
    """
    problems = tuple(setup_problems(setup, log, catalog))
    if problems:
        raise InvalidPointsError(problems)
    row = {
        "model": setup.model or "", "accelerator": setup.accelerator or "", "precision": setup.precision,
        "engine": profile.engine, "engine_version": profile.version, "tp": "1",
        "input_tokens": str(round(float(log.input_tokens.mean()))),
        "output_tokens": str(round(float(log.output_tokens.mean()))),
        "batch_size": str(sequences(log)),
        **{name: getattr(setup, name) or "" for name in LIMITS[:2]},
    }  # fmt: skip
    point = point_of(row, catalog)
    if isinstance(point, str):
        raise InvalidPointsError((InputProblem("", "", point),))
    chips = count_of(setup.tensor_parallel) or 1
    layout = replace(point.layout, tensor_parallel=chips, expert_chips=chips)
    return replace(point, layout=layout, kv_room_tokens=count_of(setup.kv_room_tokens))


def setup_problems(setup: LogSetup, log: RequestLog, catalog: Catalog) -> Iterator[InputProblem]:
    """All that is wrong with the options, each by its name."""
    if not setup.model:
        yield InputProblem("--model", "", "is needed with a log of requests")
    elif architecture_in(catalog, setup.model) is None:
        yield InputProblem("--model", "", unknown_model(catalog, setup.model))
    if not setup.accelerator:
        yield InputProblem("--accelerator", "", "is needed with a log of requests")
    elif not accelerator_name(setup.accelerator, catalog):
        yield InputProblem(
            "--accelerator", "", unknown("accelerator", setup.accelerator, catalog.accelerators)
        )
    if setup.precision.strip().lower() not in PRECISIONS:
        yield InputProblem("--precision", "", unknown_name("precision", setup.precision, PRECISIONS))
    yield from number_problems(setup, log)
    if setup.until is not None and (what := until_problem(setup.until, log)):
        yield InputProblem("--until", "", what)


def until_problem(text: str, log: RequestLog) -> str:
    """Why a log cannot be divided there; empty where it can."""
    try:
        instant_s = float(text)
    except ValueError:
        instant_s = nan
    if not instant_s > 0.0:
        return f"is {text!r}; it should be seconds after the first request"
    known, later = log.until(instant_s).complete, log.after(instant_s).complete
    if known < LEAST_COMPLETE or not later:
        ends = f"{known} requests ended until then, {later} later"
        return f"is {text!r}: {ends}; needed: at least {LEAST_COMPLETE} and 1"
    return ""


def number_problems(setup: LogSetup, log: RequestLog) -> Iterator[InputProblem]:
    """What is wrong with the options that are numbers."""
    longest = int((log.input_tokens + log.output_tokens).max())
    least = dict.fromkeys(("tensor_parallel", *LIMITS[:2]), 1) | {"kv_room_tokens": longest}
    for name, lowest in least.items():
        text = getattr(setup, name)
        found = count_of(text)
        if text is not None and (found is None or found < lowest):
            why = " (the longest request)" if lowest == longest else ""
            what = f"is {text!r}; it should be a whole number from {lowest} on{why}"
            yield InputProblem(f"--{name.replace('_', '-')}", "", what)


def sequences(log: RequestLog) -> int:
    """Sequences at once by the log, in the mean while answers came (Little's law); 1 or more."""
    seen = np.isfinite(log.last_s)
    held_s = float((log.last_s - log.first_s)[seen].sum())
    span_s = float(log.last_s[seen].max() - log.first_s[seen].min())
    return max(round(held_s / span_s), 1) if span_s > 0.0 else 1


def corners(point: Point, log: RequestLog) -> list[Point]:
    """Two configurations that span what a log holds: its shortest and its (nearly) longest requests.

    Lengths to their 99th percentile, sequences to the most at once.
    """
    lengths = [np.percentile(column, (0, 99)) for column in (log.input_tokens, log.output_tokens)]
    batches = (1, most_at_once(log))
    return [
        replace(point, input_tokens=round(prompt), output_tokens=round(answer), batch=batch)
        for prompt, answer, batch in zip(*lengths, batches, strict=True)
    ]


def most_at_once(log: RequestLog) -> int:
    """The most sequences between their first and last token at an instant of the log."""
    seen = np.isfinite(log.last_s)
    first_s, last_s = np.sort(log.first_s[seen]), np.sort(log.last_s[seen])
    return int((np.arange(1, len(first_s) + 1) - np.searchsorted(last_s, first_s)).max())
