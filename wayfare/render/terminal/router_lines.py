"""The story of what a router did between a request's attempts: waits, verdicts, cancellations, the end."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

from wayfare.render.numbers import usd_to_the_cent
from wayfare.render.terminal.attempt_lines import VERDICTS, WAITS, moment, number_in, numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wayfare.render.terminal.attempt_lines import Entry, Row

AWAITED = ("wait", "wait_first_token")
ENDS = ("accepted", "rejected", "cancel")


def router_entries(request: Row, attempts: Sequence[Row], steps: Sequence[Row]) -> list[Entry]:
    """Every step that says something the attempts do not; a step policy's waits too."""
    number = numbers(attempts)
    stepwise = not request["reason"]
    return [
        (
            number_in(step, "at_s"),
            VERDICTS if step["step"] in ENDS else WAITS,
            [f"{moment(step, 'at_s')}  {step_text(step, number)}{no_retry(step, attempts)}"],
        )
        for step in steps
        if step["step"] not in AWAITED or stepwise or not isnan(number_in(step, "until_s"))
    ]


def no_retry(step: Row, attempts: Sequence[Row]) -> str:
    """Why a failure was final: an answer that had begun to arrive is not started again."""
    begun = attempts and not isnan(number_in(attempts[-1], "first_token_s"))
    return ": the answer had begun to arrive" if step["step"] == "fail" and begun else ""


def step_text(step: Row, number: dict[object, int]) -> str:
    """A step in words."""
    one = number.get(step["attempt"])
    which = "any attempt" if one is None else f"attempt {one}"
    until = "" if isnan(number_in(step, "until_s")) else f" until {moment(step, 'until_s')}"
    cost_usd = number_in(step, "cost_usd")
    dollars = f", {usd_to_the_cent(cost_usd)}" if cost_usd else ""
    return {
        "wait": f"the router waits for {which} to end{until}",
        "wait_first_token": f"the router waits for the first token of {which}{until}",
        "sleep": f"the router waits{until}",
        "cancel": f"the router cancels {which}",
        "verify": f"the verifier judges {which}{dollars}",
        "accepted": f"the verifier accepts the answer of {which}",
        "rejected": f"the verifier rejects the answer of {which}",
        "finish": f"the router takes the answer of {which}",
        "fail": "the router gives up: the request fails",
        "turn_away": "the router rejects the request",
    }[str(step["step"])]
