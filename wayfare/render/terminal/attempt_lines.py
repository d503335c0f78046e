"""The story of a request's attempts: why each was made, where it went, waited, worked, and what it took."""

from __future__ import annotations

from math import isnan, nan
from typing import TYPE_CHECKING, cast

from catalogs.units import JOULES_PER_WH
from wayfare.render.numbers import grams, seconds, share, significant, usd_to_the_cent

if TYPE_CHECKING:
    from collections.abc import Sequence

    Row = dict[str, object]
    Entry = tuple[float, int, list[str]]

WHOLE_JOULES_FROM = 10.0
VERDICTS, ATTEMPTS, WAITS = range(3)
"""What comes first of the same instant: what ended, then what was begun, then what is waited for."""
PARTS = ("api_usd", "capacity_usd", "energy_usd", "egress_usd")


def number_in(row: Row, name: str) -> float:
    """A numeric figure of a row; nan where it is undefined."""
    value = row.get(name)
    return nan if value is None else cast("float", value)


def moment(row: Row, name: str) -> str:
    """An instant of a row, seconds since the run began."""
    value = number_in(row, name)
    return "never" if isnan(value) else f"t={value:,.3f} s"


def why(row: Row, name: str) -> str:
    """A reason in brackets, where there is one."""
    return f" ({row[name]})" if row[name] else ""


def joules(value_wh: float) -> str:
    """Watt-hours as joules, whole from ten on."""
    value = value_wh * JOULES_PER_WH
    return f"{value:,.0f} J" if value >= WHOLE_JOULES_FROM or value == 0 else f"{significant(value)} J"


def attempt_entries(attempts: Sequence[Row], steps: Sequence[Row]) -> list[Entry]:
    """Every attempt's instants with what happened then."""
    return [
        entry
        for number, row in enumerate(attempts, 1)
        for entry in entries_of(row, number, cause(attempts[:number], steps))
    ]


def entries_of(row: Row, number: int, because: str) -> list[Entry]:
    """One attempt: the way, the wait, the work, the end, and what it took."""
    name = f"attempt {number}"
    sent = f"{moment(row, 'started_s')}  {name} ({row['kind']}{because}) to {place(row)}"
    ended = (
        f"{moment(row, 'finished_s')}  {name} {row['state']}{why(row, 'failure_reason')}: "
        f"{row['output_token_count']:,} tokens{work(row)}"
    )
    told = {
        "started_s": [f"{sent}; way there {seconds(number_in(row, 'forward_s'))}"],
        "admitted_s": [f"{moment(row, 'admitted_s')}  {name}: {waited(row)}"],
        "first_token_s": [f"{moment(row, 'first_token_s')}  {name}: first token", *moved(row)],
        "finished_s": [*never_began(row), ended, *heat(row), took(row)],
    }
    entries = [(number_in(row, instant), ATTEMPTS, lines) for instant, lines in told.items()]
    return [entry for entry in entries if not isnan(entry[0])]


def never_began(row: Row) -> list[str]:
    """That an attempt was refused, or waited in vain; nothing where work began."""
    if not isnan(number_in(row, "admitted_s")):
        return []
    refused = number_in(row, "finished_s") <= number_in(row, "ready_s")
    vain = "the provider never began" if is_api(row) else "it never left the queue"
    return ["  it was refused at once" if refused and row["state"] == "failed" else f"  {vain}"]


def is_api(row: Row) -> bool:
    """Whether a provider served the attempt."""
    return row.get("back_end") == "api"


def place(row: Row) -> str:
    """Where an attempt went; replicas only where the operator has some."""
    where = {
        "api": "a provider's API",
        "device": "the user's own device",
        "server": f"server {row['replica']}",
    }.get(str(row.get("back_end")), "no replica" if row["replica"] == -1 else f"replica {row['replica']}")
    return f"{row['target']}: {row['model']}, {row['tier']} tier, {where}"


def waited(row: Row) -> str:
    """How long an attempt waited for its turn."""
    wait = seconds(number_in(row, "admitted_s") - number_in(row, "ready_s"))
    return f"the provider began after {wait}" if is_api(row) else f"work began after {wait} in the queue"


def moved(row: Row) -> list[str]:
    """When a context reached the replica that decodes it, where another one computed the prompt."""
    if cast("int", row["prefill_replica"]) < 0:
        return []
    way_s = number_in(row, "context_delivered_s") - number_in(row, "first_token_s")
    arrived = "" if isnan(way_s) else f", which had its context after {seconds(way_s)}"
    return [f"  prompt computed by replica {row['prefill_replica']} for {row['replica']} to decode{arrived}"]


def work(row: Row) -> str:
    """How long the work took, in words that fit who did it."""
    busy_s, began_s = number_in(row, "busy_s"), number_in(row, "admitted_s")
    if isnan(began_s):
        return ""
    if is_api(row):
        return f" in {seconds(number_in(row, 'finished_s') - began_s)}"
    if row.get("back_end") in {"device", "server"}:
        return f"; busy with it for {seconds(busy_s)}"
    again = cast("int", row["recomputed_token_count"])
    recomputed = f", {again:,} tokens recomputed after it had to make room" if again else ""
    return f"; its share of the steps {seconds(busy_s)}{recomputed}"


def heat(row: Row) -> list[str]:
    """What an attempt asked of the user's device; nothing elsewhere."""
    slowdown, charge = number_in(row, "slowdown_ratio"), number_in(row, "charge_ratio")
    hot = [] if isnan(slowdown) else [f"{slowdown:.2f} times as long as on a cold device"]
    battery = [] if isnan(charge) else [f"{share(charge)} of a full battery"]
    return [f"  the device: {', '.join(hot + battery)}"] if hot or battery else []


def took(row: Row) -> str:
    """What an attempt cost, drew and emitted."""
    parts = [
        f"{name.removesuffix('_usd')} {usd_to_the_cent(number_in(row, name))}"
        for name in PARTS
        if row[name] != 0
    ]
    wasted = "; its answer was not used" if row["wasted"] and row["output_token_count"] else ""
    paid_for = (", ".join(parts) or "nothing") + from_cache(row)
    drawn = f"{joules(number_in(row, 'energy_wh'))} {drawn_where(row)}"
    return f"  paid: {paid_for}; {drawn}, {grams(number_in(row, 'emissions_gco2e'))} CO2e{wasted}"


def drawn_where(row: Row) -> str:
    """Who drew an attempt's energy."""
    return {"api": "estimated at the provider", "device": "from the user's battery or socket"}.get(
        str(row.get("back_end")), "at the meter"
    )


def from_cache(row: Row) -> str:
    """How much of the prompt came from a prefix cache, where any did."""
    cached = row["cached_token_count"]
    return f" ({cached:,} of {row['input_token_count']:,} prompt tokens from the cache)" if cached else ""


def cause(attempts: Sequence[Row], steps: Sequence[Row]) -> str:
    """Why the last of these attempts was made, after a colon; nothing for the first."""
    *earlier, row = attempts
    if not earlier:
        return ""
    if row["kind"] == "hedge":
        return f": {hedged(row, steps)}"
    judged = [step for step in steps if step["step"] == "rejected" and at_or_before(step, row)]
    if row["kind"] == "escalation" and judged:
        return f": the verifier rejected attempt {numbers(earlier)[judged[-1]['attempt']]}"
    return f": {failed(earlier)}"


def at_or_before(step: Row, row: Row) -> bool:
    """Whether a step was taken when an attempt was sent, or earlier."""
    return number_in(step, "at_s") <= number_in(row, "started_s")


def hedged(row: Row, steps: Sequence[Row]) -> str:
    """What a second attempt beside the first was for."""
    waits = [step for step in steps if step["step"] == "wait_first_token" and at_or_before(step, row)]
    ended = [step for step in waits if not isnan(number_in(step, "until_s"))]
    return (
        f"no first token by {moment(ended[-1], 'until_s')}"
        if ended
        else "in parallel with the first; the faster one wins"
    )


def failed(earlier: Sequence[Row]) -> str:
    """How the attempt before ended, as the reason for the next."""
    last = earlier[-1]
    reason = f": {last['failure_reason']}" if last["failure_reason"] else ""
    if last["state"] == "cancelled" and not reason:
        return f"attempt {len(earlier)} was cancelled by the client, which retried"
    return f"attempt {len(earlier)} {last['state']}{reason}"


def numbers(attempts: Sequence[Row]) -> dict[object, int]:
    """The number within its request of each attempt, by its number within the run."""
    return {row["attempt"]: number for number, row in enumerate(attempts, 1)}
