"""One request's story, from the files of a run: what was seen, decided, tried, waited and paid."""

from __future__ import annotations

import json
from math import isnan, nan
from typing import TYPE_CHECKING, cast

from wayfare.cli.exits import WrongInputError
from wayfare.numbers import energy, grams, seconds, usd
from wayfare.outputs import read_parquet

if TYPE_CHECKING:
    from pathlib import Path

    Row = dict[str, object]

JOULES_PER_WH = 3_600.0


def explanation(folder: Path, number: int) -> str:
    """The story of request `number` of the run in a folder.

    Raises:
        WrongInputError: the folder holds no run, or the run no such request.
    """
    demand_run(folder)
    found = read_parquet(folder / "requests.parquet", "request = ?", number)
    if not found:
        raise WrongInputError(unknown_request(folder, number))
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    attempts = read_parquet(folder / "attempts.parquet", "request = ? ORDER BY attempt", number)
    request = found[0]
    parts = [
        asked(request, report),
        decided(request, report),
        *(part for place, row in enumerate(attempts, 1) for part in tried(row, place)),
        ended(request),
        paid(request),
    ]
    return "\n".join(parts)


def demand_run(folder: Path) -> None:
    """Raises `WrongInputError` unless the folder holds a run."""
    names = ("report.json", "requests.parquet", "attempts.parquet")
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        runs = sorted(path.parent.name for path in folder.glob("*/requests.parquet"))
        hint = f"; it holds runs in: {', '.join(runs)}" if runs else ""
        message = f"{folder}: no {', '.join(missing)}; give a folder that --out wrote{hint}"
        raise WrongInputError(message)


def unknown_request(folder: Path, number: int) -> str:
    """What to say of a number that no request of the run has."""
    rows = read_parquet(folder / "requests.parquet")
    numbers = [cast("int", row["request"]) for row in rows]
    known = f"{min(numbers)} to {max(numbers)}" if numbers else "none arrived"
    return f"{folder}: no request {number} arrived; allowed: {known}"


def number_in(row: Row, name: str) -> float:
    """A numeric figure of a row; nan where it is undefined."""
    value = row[name]
    return nan if value is None else cast("float", value)


def moment(row: Row, name: str) -> str:
    """An instant of a row, seconds since the run began."""
    value = number_in(row, name)
    return "never" if isnan(value) else f"t={value:,.3f} s"


def asked(request: Row, report: Row) -> str:
    """What arrived, and what only the simulation knows of it."""
    scenario = cast("dict[str, str]", report["scenario"])["name"]
    place = f"tenant {request['tenant']}, from {request['region']}"
    return (
        f"Request {request['request']} of {scenario} under {report['policy']}\n"
        f"{moment(request, 'arrival_s')}  arrived: {request['task']} ({place}{within(request)}), "
        f"{request['input_token_count']:,} prompt tokens, "
        f"at most {request['max_output_token_count']:,} back\n"
        f"  true difficulty {number_in(request, 'difficulty'):+.2f} logits (the policy does not see it)"
    )


def within(request: Row) -> str:
    """Which call of which agent task a request is, or which turn of which session."""
    if cast("int", request["agent_task"]) >= 0:
        planned = request["planned_call_count"]
        return f", call {request['call']} of {planned} of agent task {request['agent_task']}"
    session = request["session"]
    return f", turn {request['turn']} of session {session}" if cast("int", session) >= 0 else ""


def decided(request: Row, report: Row) -> str:
    """What the policy saw and decided, and why."""
    target = request["policy_target"] or "several targets, or none"
    return (
        f"  the policy saw: estimated difficulty {number_in(request, 'estimated_difficulty'):+.2f}, "
        f"router score {number_in(request, 'router_score'):.2f}, "
        f"{request['candidate_count']} permitted targets\n"
        f"  {report['policy']} decided: {target}, because: {request['reason'] or 'nothing was decided'}"
    )


def tried(row: Row, number: int) -> list[str]:
    """One attempt: the way, the wait, the work, the end, and what it took."""
    return [
        (
            f"{moment(row, 'started_s')}  attempt {number} ({row['kind']}) to {row['target']}: "
            f"{row['model']}, {row['tier']} tier, replica {row['replica']}; "
            f"way there {seconds(number_in(row, 'forward_s'))}"
        ),
        waited(row),
        f"{moment(row, 'first_token_s')}  first token",
        (
            f"{moment(row, 'finished_s')}  {row['state']}{why(row, 'failure_reason')}: "
            f"{row['output_token_count']:,} tokens; "
            f"its share of the steps {seconds(number_in(row, 'busy_s'))}"
        ),
        took(row),
    ]


def waited(row: Row) -> str:
    """How long an attempt stood in the queue."""
    wait_s = number_in(row, "admitted_s") - number_in(row, "ready_s")
    if isnan(wait_s):
        return "  it never left the queue"
    return f"{moment(row, 'admitted_s')}  work began after {seconds(wait_s)} in the queue"


def why(row: Row, name: str) -> str:
    """A reason in brackets, where there is one."""
    return f" ({row[name]})" if row[name] else ""


def took(row: Row) -> str:
    """What an attempt cost, drew and emitted."""
    names = ("api_usd", "capacity_usd", "energy_usd", "egress_usd")
    parts = [f"{name.removesuffix('_usd')} {usd(number_in(row, name))}" for name in names if row[name]]
    joules = number_in(row, "energy_wh") * JOULES_PER_WH
    wasted = "; nobody used it" if row["wasted"] else ""
    paid_for = (", ".join(parts) or "nothing") + from_cache(row)
    emitted = grams(number_in(row, "emissions_gco2e"))
    return f"  paid: {paid_for}; {joules:,.0f} J at the meter, {emitted} CO2e{wasted}"


def from_cache(row: Row) -> str:
    """How much of the prompt came from a prefix cache, where any did."""
    cached = row["cached_token_count"]
    return f" ({cached:,} of {row['input_token_count']:,} prompt tokens from the cache)" if cached else ""


def ended(request: Row) -> str:
    """How the request ended, as its asker saw it."""
    if request["state"] != "completed":
        reason = why(request, "failure")
        return f"{moment(request, 'final_s')}  the request ended: {request['state']}{reason}"
    verdict = "right" if request["correct"] else "wrong"
    within = "within" if request["slo_met"] else "outside"
    return (
        f"{moment(request, 'final_s')}  answered by {request['model']}: {verdict}; first token after "
        f"{seconds(number_in(request, 'ttft_s'))}, all after {seconds(number_in(request, 'e2e_s'))}, "
        f"{within} its objectives"
    )


def paid(request: Row) -> str:
    """What the request took in all."""
    return (
        f"In all {request['attempt_count']} attempt(s): {usd(number_in(request, 'cost_usd'))}, "
        f"{energy(number_in(request, 'energy_wh'))}, {grams(number_in(request, 'emissions_gco2e'))} CO2e, "
        "without idle capacity"
    )
