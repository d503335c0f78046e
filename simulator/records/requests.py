"""A run's requests and attempts as named columns, for Parquet and for `explain`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from catalogs.units import JOULES_PER_WH
from router.steps import AttemptKind
from simulator.accounting.paid import by_request
from simulator.kernel.codes import Ending
from simulator.report.blocks.devices import cold_s
from simulator.world.journal import STATE_NAMES
from simulator.world.requests.failures import REPORTED_NAMES, reported
from simulator.world.requests.step_log import STEP_NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from simulator.accounting.attempts import Attempts
    from simulator.accounting.costs import AttemptCosts
    from simulator.accounting.run import RunAccounts
    from simulator.accounting.settlement import Settlement
    from simulator.workload.columns import Workload
    from simulator.world.plan import RunPlan

    Columns = dict[str, NDArray[np.generic]]

ENDING_NAMES = ("", *(ending.name.lower() for ending in Ending))
KIND_NAMES = tuple(kind.name.lower() for kind in AttemptKind)
NO_TARGET = ""


def named(names: Sequence[str], codes: NDArray[np.integer]) -> NDArray[np.object_]:
    """Names by code, shared rather than copied; a negative code has none."""
    return np.array([*names, NO_TARGET], np.object_)[np.where(codes < 0, len(names), codes)]


def request_columns(settlement: Settlement) -> Columns:
    """One row for each request that arrived: what was asked, decided, delivered and paid."""
    return {
        **request_input_columns(settlement),
        **task_columns(settlement),
        **decision_columns(settlement),
        **delivery_columns(settlement),
        **cost_columns(settlement),
    }


def request_input_columns(settlement: Settlement) -> Columns:
    """What arrived."""
    workload = settlement.plan.workload
    rows = settlement.run.outcomes.request
    return {
        "request": rows,
        "arrival_s": settlement.run.outcomes.arrival_s,
        "stream": named(workload.stream_names, workload.stream_code[rows]),
        "task": named(workload.task_names, workload.task_code[rows]),
        "tenant": named(workload.tenant_names, workload.tenant_code[rows]),
        "region": named(workload.region_names, workload.region_code[rows]),
        "segment": segments(workload, rows),
        "priority": workload.priority[rows],
        "session": workload.session[rows],
        "turn": workload.turn[rows],
        "input_token_count": workload.input_token_count[rows],
        "max_output_token_count": workload.max_output_token_count[rows],
        "difficulty": workload.difficulty[rows],
        "estimated_difficulty": settlement.plan.requests.estimated_difficulty[rows],
        "router_score": settlement.plan.requests.router_score[rows],
    }


def segments(workload: Workload, rows: NDArray[np.int64]) -> NDArray[np.object_]:
    """By request the segment of the query it asks; empty where there is none."""
    if workload.segment_code is None:
        return np.full(len(rows), "", np.object_)
    return named(workload.segment_names, workload.segment_code[rows])


def task_columns(settlement: Settlement) -> Columns:
    """Which call of which agent task a request is, from 1 on; task -1 and call 0 where it is none."""
    plan, rows = settlement.plan, settlement.run.outcomes.request
    workload = plan.workload
    is_call = np.array([rule is not None for rule in plan.task_rules], np.bool_)
    agents = is_call[workload.stream_code]
    planned = np.bincount(workload.session[agents], minlength=1)
    task = np.where(agents, workload.session, -1)[rows]
    return {
        "agent_task": task,
        "call": np.where(task >= 0, workload.turn[rows] + 1, 0),
        "planned_call_count": np.where(task >= 0, planned[np.maximum(task, 0)], 0),
    }


def decision_columns(settlement: Settlement) -> Columns:
    """What the router made of it."""
    plan, journal = settlement.plan, settlement.journal
    rows = settlement.run.outcomes.request
    sizes = np.array([len(candidates) for candidates in plan.candidate_sets])
    names = [target.name for target in plan.targets]
    return {
        "state": named(STATE_NAMES, settlement.run.outcomes.state),
        "reason": named(journal.reason_names(), journal.reason[rows]),
        "failure": named([reported(name) for name in journal.reason_names()], journal.failure[rows]),
        "candidates": named(
            [deployments_of(plan, found) for found in plan.candidate_sets], plan.set_code[rows]
        ),
        "candidate_count": sizes[plan.set_code[rows]] - journal.off_count[rows],
        "policy_target": named(names, journal.decision_target[rows]),
        "attempt_count": settlement.run.outcomes.attempt_count,
    }


def deployments_of(plan: RunPlan, targets: Sequence[int]) -> str:
    """The deployments behind targets, in the fleet's order, with commas between."""
    return ",".join(dict.fromkeys(plan.targets[target].deployment for target in targets))


def right_models(plan: RunPlan, rows: NDArray[np.int64]) -> NDArray[np.object_]:
    """By request the models of the fleet whose answer to it is right, with commas between."""
    names, code = np.array([""], np.object_), np.zeros(len(rows), np.int64)
    for name, right in zip(plan.model_names, plan.answers.correct[:, rows], strict=True):
        names = np.concatenate([names, [f"{before},{name}" if before else name for before in names]])
        found, code = np.unique(code + right * (len(names) // 2), return_inverse=True)
        names = names[found]
    return named(tuple(names), code)


def delivery_columns(settlement: Settlement) -> Columns:
    """What the asker got, and when."""
    outcomes, run = settlement.run.outcomes, settlement.run
    output = run.attempts.output[outcomes.winner] if len(run.attempts) else outcomes.winner
    return {
        "output_token_count": np.where(outcomes.winner >= 0, output, 0),
        "reasoning_token_count": outcomes.reasoning_tokens,
        "final_s": outcomes.final_s,
        "ttft_s": outcomes.ttft_s,
        "tpot_s": outcomes.tpot_s,
        "e2e_s": outcomes.e2e_s,
        "queue_s": outcomes.queue_s,
        "network_s": outcomes.network_s,
        "verified": settlement.journal.buffered[outcomes.request],
        "correct": outcomes.correct,
        "judged": outcomes.judged,
        "right_models": right_models(settlement.plan, outcomes.request),
        "slo_met": outcomes.slo_met,
        "deployment": named([term.deployment for term in run.terms], outcomes.target),
        "model": named([term.model for term in run.terms], outcomes.target),
        "tier": named([term.tier for term in run.terms], outcomes.target),
    }


def cost_columns(settlement: Settlement) -> Columns:
    """What it took, summed over the request's attempts, routing included; `counted_` of it in the
    report, which leaves out what lies outside its window.
    """
    run = settlement.run
    whole, counted = run.books.whole, run.books.counted
    in_window = run.outcomes.arrival_s >= settlement.plan.warmup_s
    return {
        "routing_usd": run.routing_usd,
        "cost_usd": by_request(run, whole.cost_usd) + run.routing_usd,
        "energy_wh": by_request(run, whole.drawn_wh),
        "emissions_gco2e": by_request(run, whole.emissions_gco2e),
        "counted_cost_usd": by_request(run, counted.cost_usd) + run.routing_usd * in_window,
        "counted_energy_wh": by_request(run, counted.drawn_wh),
        "counted_emissions_gco2e": by_request(run, counted.emissions_gco2e),
    }


def step_columns(settlement: Settlement) -> Columns:
    """One row for each step that a router asked for besides attempts, and for each verdict, by time."""
    log = settlement.journal.steps
    return {
        "request": np.array(log.request, np.int64),
        "at_s": np.array(log.at_s, np.float64),
        "step": named(STEP_NAMES, np.array(log.step, np.int8)),
        "attempt": np.array(log.attempt, np.int64),
        "until_s": np.array(log.until_s, np.float64),
        "cost_usd": np.array(log.cost_usd, np.float64),
    }


def back_ends(settlement: Settlement) -> list[str]:
    """By target: `api`, `hardware` (batching replicas), `device` (a user's own) or `server`."""
    return [
        "api" if term.rates is not None or term.provisioned is not None
        else "device" if term.user_side
        else "hardware" if entry.timings is None
        else "server"
        for term, entry in zip(settlement.run.terms, settlement.plan.target_plans, strict=True)
    ]  # fmt: skip


def heat_columns(settlement: Settlement) -> Columns:
    """By attempt on users' own devices, nan elsewhere.

    `slowdown_ratio` is its time over that of a cold device, `charge_ratio` its energy over a full charge.
    """
    attempts = settlement.run.attempts
    slowdown, charge = np.full(len(attempts), np.nan), np.full(len(attempts), np.nan)
    for index, (term, entry) in enumerate(
        zip(settlement.run.terms, settlement.plan.target_plans, strict=True)
    ):
        rows = np.flatnonzero((attempts.target == index) & attempts.completed)
        if not term.user_side:
            continue
        if entry.timings is not None:
            slowdown[rows] = attempts.busy_s[rows] / cold_s(entry.timings, attempts, rows)
        if term.battery_wh is not None:
            charge[rows] = attempts.energy_j[rows] / JOULES_PER_WH / term.battery_wh
    return {"slowdown_ratio": slowdown, "charge_ratio": charge}


def replica_of(queue: NDArray[np.int32], target: NDArray[np.int32], plan: RunPlan) -> NDArray[np.int64]:
    """The replica's number within its target, by kernel queue; -1 where there is none."""
    first_queue = np.array([entry.first_queue for entry in plan.target_plans])
    rank_count = np.array([entry.rank_count for entry in plan.target_plans])
    return np.where(queue < 0, -1, (queue - first_queue[target]) // rank_count[target])


def attempt_records(settlement: Settlement) -> Columns:
    """One row for each attempt: where, why, how it ended, its times, tokens, money and energy."""
    return {
        **placed_columns(settlement),
        **timed_columns(settlement.run.attempts),
        **token_columns(settlement.run.attempts),
        **worked_columns(settlement),
        **charge_columns(settlement.run.books.whole),
        "wasted": settlement.run.attempts.wasted,
        "wasted_ratio": settlement.run.books.counted.wasted_ratio,
        **span_columns(settlement.run),
        **{
            f"counted_{name}": column for name, column in charge_columns(settlement.run.books.counted).items()
        },
        "client_left": client_left(settlement),
    }


def placed_columns(settlement: Settlement) -> Columns:
    """Which attempt of which request it was, where it ran, and how it ended."""
    attempts, plan = settlement.run.attempts, settlement.plan
    return {
        "attempt": np.arange(len(attempts)),
        "request": attempts.request,
        "kind": named(KIND_NAMES, attempts.kind),
        **target_columns(settlement),
        "replica": replica_of(attempts.queue, attempts.target, plan),
        "prefill_replica": replica_of(attempts.prefill_queue, attempts.target, plan),
        "state": named(ENDING_NAMES, attempts.ending),
        "failure_reason": named(REPORTED_NAMES, attempts.reason),
    }


def target_columns(settlement: Settlement) -> Columns:
    """What each attempt was sent to."""
    target, terms = settlement.run.attempts.target, settlement.run.terms
    return {
        "target": named([entry.name for entry in settlement.plan.targets], target),
        "deployment": named([term.deployment for term in terms], target),
        "tier": named([term.tier for term in terms], target),
        "model": named([term.model for term in terms], target),
        "back_end": named(back_ends(settlement), target),
    }


def timed_columns(attempts: Attempts) -> Columns:
    """When each attempt reached what, and how long it was on its way."""
    return {
        "started_s": attempts.submitted_s,
        "ready_s": attempts.ready_s,
        "admitted_s": attempts.admitted_s,
        "first_token_s": attempts.first_s,
        "context_delivered_s": attempts.delivered_s,
        "left_s": attempts.left_s,
        "finished_s": attempts.finish_s,
        "over_s": attempts.over_s,
        "forward_s": attempts.ready_s - attempts.submitted_s,
        "back_s": attempts.return_s,
    }


def token_columns(attempts: Attempts) -> Columns:
    """Tokens that each attempt was given, found, wrote, generated and computed again."""
    return {
        "input_token_count": attempts.prompt,
        "cached_token_count": attempts.cached,
        "cache_write_token_count": attempts.cache_written,
        "output_token_count": attempts.output,
        "recomputed_token_count": attempts.recomputed,
    }


def worked_columns(settlement: Settlement) -> Columns:
    """What each attempt took of its machine."""
    attempts = settlement.run.attempts
    return {
        "busy_s": attempts.busy_s,
        **heat_columns(settlement),
        "recomputed_s": np.where(attempts.won, attempts.wasted_s, 0.0),
        "energy_j": attempts.energy_j,
    }


def charge_columns(books: AttemptCosts) -> Columns:
    """Dollars, watt-hours and grams of each attempt, as some books have them."""
    return {
        "api_usd": books.api_usd,
        "capacity_usd": books.capacity_usd,
        "energy_usd": books.energy_usd,
        "egress_usd": books.egress_usd,
        "energy_wh": books.drawn_wh,
        "emissions_gco2e": books.emissions_gco2e,
    }


def span_columns(run: RunAccounts) -> Columns:
    """What each attempt took of its machine within the billed window, and after it."""
    window, after = run.spans.window, run.spans.after
    return {
        "window_busy_s": window.busy_s,
        "window_energy_j": window.energy_j,
        "window_recomputed_s": np.where(run.attempts.won, window.wasted_s, 0.0),
        "drain_busy_s": after.busy_s,
        "drain_energy_j": after.energy_j,
    }


def client_left(settlement: Settlement) -> NDArray[np.bool_]:
    """Which attempts' clients lost their patience; those that had ended by then are marked as well."""
    left = np.zeros(len(settlement.run.attempts), np.bool_)
    left[settlement.journal.hung_up_on] = True
    return left
