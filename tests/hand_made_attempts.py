"""For tests: attempts, work and terms of which a few columns are given, and the others are nothing."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from simulator.accounting.attempts import Attempts
from simulator.accounting.spans import METERS, AttributedWork
from simulator.accounting.terms import BillingTerms, TokenRates
from simulator.kernel.codes import Ending

NAN = np.nan
DONE, FAILED, CANCELLED, UNFINISHED = (
    Ending.COMPLETED,
    Ending.FAILED,
    Ending.CANCELLED,
    Ending.UNFINISHED,
)
READING = np.dtype([("number", np.int64), *((name, np.float64) for name in METERS)])


def attempts(**columns: object) -> Attempts:
    """Attempts with some columns given; the others are zeros, `won` where one completed."""
    count = len(next(iter(columns.values())))
    given = {name: np.asarray(values) for name, values in columns.items()}
    rest = {one.name: np.zeros(count) for one in fields(Attempts) if one.name not in given}
    for name in ("request", "target", "kind", "ending", "prompt", "output", "cached", "cache_written"):
        if name in rest:
            rest[name] = np.zeros(count, np.int64)
    if "left_s" in rest and "finish_s" in given:
        rest["left_s"] = given["finish_s"]
    if "won" in rest:
        rest["won"] = (given.get("ending", rest.get("ending")) == DONE) & np.ones(count, np.bool_)
    return Attempts(**rest, **given)


def terms(**changes: object) -> BillingTerms:
    """One target's terms."""
    place = {"target": "t", "deployment": "t", "tier": "cloud", "model": "m", "region": "r", "queue_count": 1}
    return BillingTerms(**{**place, **changes})


def rates(**changes: object) -> TokenRates:
    """Prices of two windows; the second begins at 100 s."""
    given = {
        "from_s": [0.0, 100.0],
        "input_usd": [1.0, 2.0],
        "cached_input_usd": [0.25, 0.5],
        "cache_write_usd": [1.25, 2.5],
        "output_usd": [10.0, 20.0],
        "long_prompt_tokens": [50.0, 80.0],
        "long_input_factor": [2.0, 3.0],
        "long_output_factor": [1.5, 1.25],
    }
    return TokenRates(**{name: np.array(values) for name, values in {**given, **changes}.items()})


def work(**columns: list[float]) -> AttributedWork:
    """Work with some columns given, the others 0."""
    count = len(next(iter(columns.values())))
    names = ("busy_s", "energy_j", "wasted_s", "from_s", "to_s")
    return AttributedWork(**{name: np.array(columns.get(name, [0.0] * count)) for name in names})
