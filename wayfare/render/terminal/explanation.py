"""One request's story, from the files of a run: what was seen, decided, tried, judged, waited and paid."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from wayfare.errors import WrongInputError
from wayfare.render.numbers import NOISE, energy, grams, seconds, usd_to_the_cent
from wayfare.render.terminal.attempt_lines import PARTS, attempt_entries, joules, moment, number_in, why
from wayfare.render.terminal.console import visible
from wayfare.render.terminal.router_lines import router_entries
from wayfare.results.writing import read_parquet

if TYPE_CHECKING:
    from pathlib import Path

    from wayfare.render.terminal.attempt_lines import Entry, Row


def explanation(folder: Path, number: int) -> str:
    """The story of request `number` of the run in a folder, in order of time.

    Raises:
        WrongInputError: the folder holds no run, or the run no such request.
    """
    demand_run(folder)
    found = read_parquet(folder / "requests.parquet", "request = ?", number)
    if not found:
        raise WrongInputError(unknown_request(folder, number))
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    attempts = read_parquet(folder / "attempts.parquet", "request = ? ORDER BY attempt", number)
    request, steps = found[0], logged_steps(folder, number)
    parts = [
        *arrival_lines(request, report),
        *decided(request, report, steps),
        *lines_in_order([*attempt_entries(attempts, steps), *router_entries(request, attempts, steps)]),
        end_line(request),
        cost_line(request, attempts),
    ]
    return "\n".join(map(visible, parts))


def logged_steps(folder: Path, number: int) -> list[Row]:
    """What the router asked for besides attempts; nothing in folders of earlier versions."""
    path = folder / "steps.parquet"
    return read_parquet(path, "request = ?", number) if path.is_file() else []


def lines_in_order(entries: list[Entry]) -> list[str]:
    """The lines of all entries by time; those of the same instant by what they are."""
    return [line for *_order, lines in sorted(entries, key=lambda entry: entry[:2]) for line in lines]


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


def arrival_lines(request: Row, report: Row) -> list[str]:
    """What arrived, and what only the simulation knows of it."""
    scenario = cast("dict[str, str]", report["scenario"])["name"]
    place = f"tenant {request['tenant']}, from {request['region']}"
    return [
        f"Request {request['request']} of {scenario} under {report['policy']}",
        (
            f"{moment(request, 'arrival_s')}  arrived: {request['task']} ({place}{within(request)}), "
            f"{request['input_token_count']:,} prompt tokens, "
            f"at most {request['max_output_token_count']:,} back"
        ),
        f"  true difficulty {number_in(request, 'difficulty'):+.2f} logits (the policy does not see it)",
    ]


def within(request: Row) -> str:
    """Which call of which agent task a request is, or which turn of which session."""
    if cast("int", request["agent_task"]) >= 0:
        planned = request["planned_call_count"]
        return f", call {request['call']} of {planned} of agent task {request['agent_task']}"
    session = request["session"]
    return f", turn {request['turn']} of session {session}" if cast("int", session) >= 0 else ""


def decided(request: Row, report: Row, steps: list[Row]) -> list[str]:
    """What the policy saw and decided, and why."""
    saw = (
        f"  the policy saw: estimated difficulty {number_in(request, 'estimated_difficulty'):+.2f}, "
        f"router score {number_in(request, 'router_score'):.2f}, "
        f"{request['candidate_count']} permitted targets"
    )
    return [saw, f"  {report['policy']} {decision(request, steps)}"]


def decision(request: Row, steps: list[Row]) -> str:
    """One target or several and the reason, or that the policy goes on step by step."""
    reason = request["reason"]
    if not reason:
        return "decides step by step, as follows" if steps or request["attempt_count"] else "decided nothing"
    if request["state"] == "rejected":
        return f"rejected it, because: {reason}"
    return f"decided: {request['policy_target'] or 'a plan of several steps'}, because: {reason}"


def end_line(request: Row) -> str:
    """How the request ended, as its asker saw it."""
    if request["state"] != "completed":
        reason = why(request, "failure")
        return f"{moment(request, 'final_s')}  the request ended: {request['state']}{reason}"
    verdict = "right" if request["correct"] else "wrong"
    verdict = verdict if request.get("judged", True) else "correctness unknown"
    within = "within" if request["slo_met"] else "outside"
    return (
        f"{moment(request, 'final_s')}  answered by {request['model']}: {verdict}; first token after "
        f"{seconds(number_in(request, 'ttft_s'))}, all after {seconds(number_in(request, 'e2e_s'))}, "
        f"{within} its objectives"
    )


def cost_line(request: Row, attempts: list[Row]) -> str:
    """What the request took in all; what no attempt took is the router's and its verifiers'."""
    cost_usd, wh = number_in(request, "cost_usd"), number_in(request, "energy_wh")
    routing_usd = cost_usd - sum(number_in(row, name) for row in attempts for name in PARTS)
    routing = (
        f" (routing and verifiers {usd_to_the_cent(routing_usd)})" if routing_usd > NOISE * cost_usd else ""
    )
    return (
        f"In all {request['attempt_count']} attempt(s): {usd_to_the_cent(cost_usd)}{routing}, {joules(wh)} "
        f"({energy(wh)}), {grams(number_in(request, 'emissions_gco2e'))} CO2e, without idle capacity"
    )
