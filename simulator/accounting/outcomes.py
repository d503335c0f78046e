"""What became of each request that arrived: its one state, its times as delivered, its answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulator.accounting.paths import path_times
from simulator.kernel.codes import Ending
from simulator.world.journal import RequestState

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulator.accounting.attempts import Attempts
    from simulator.world.journal import Journal
    from simulator.world.plan import RunPlan

    Column = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """Columns of the requests that arrived, in order of their numbers (`request`).

    `winner` is the row of the attempt whose answer counts, -1 without one; `target` its target.
    Times count from arrival to delivery, seconds; `nan` unless completed. `queue_s` and `network_s`
    are those of all attempts on the request's path (`path_times`). `tpot_s` is nan for answers of
    one token as well. `oracle_correct`: some target allowed for the request answers
    it right. `judged` and `oracle_judged`: whether that is known, of the model that answered and of
    all that might have (a model without a success ratio for the task is never known to be right or wrong).
    """

    request: NDArray[np.int64]
    state: NDArray[np.int8]
    winner: NDArray[np.int64]
    target: NDArray[np.int32]
    arrival_s: Column
    final_s: Column
    ttft_s: Column
    tpot_s: Column
    e2e_s: Column
    queue_s: Column
    network_s: Column
    correct: NDArray[np.bool_]
    oracle_correct: NDArray[np.bool_]
    judged: NDArray[np.bool_]
    oracle_judged: NDArray[np.bool_]
    attempt_count: NDArray[np.int32]
    reasoning_tokens: NDArray[np.int32]
    slo_met: NDArray[np.bool_]

    def __len__(self) -> int:
        """Number of requests that arrived."""
        return len(self.request)

    @property
    def completed(self) -> NDArray[np.bool_]:
        """Which requests got an answer."""
        return self.state == RequestState.COMPLETED


def final_states(journal: Journal, attempts: Attempts) -> NDArray[np.int8]:
    """The one state of every request, those settled by the kernel alone included.

    A pending request ends as the attempt it follows; one that still waited is unfinished.
    """
    state = journal.state.copy()
    pending = state == RequestState.PENDING
    state[pending] = RequestState.UNFINISHED
    followed = pending & (journal.winner >= 0)
    ended = attempts.ending[journal.winner[followed]] == Ending.COMPLETED
    state[np.flatnonzero(followed)[ended]] = RequestState.COMPLETED
    return state


def request_outcomes(plan: RunPlan, journal: Journal, attempts: Attempts) -> Outcomes:
    """The outcome of every request that arrived."""
    state = final_states(journal, attempts)
    request = np.flatnonzero(~np.isnan(journal.arrival_s))
    state = state[request]
    arrival_s = journal.arrival_s[request]
    completed = state == RequestState.COMPLETED
    winner = np.where(completed, journal.winner[request], -1)
    target = np.where(completed, attempts.target[winner] if len(attempts) else -1, -1)
    times = delivered_times(journal, attempts, request, winner, arrival_s)
    correct, reasoning = answers_given(plan, request, target)
    times = visible_times(times, winner, reasoning, journal.buffered[request])
    return Outcomes(
        request=request,
        state=state,
        winner=winner,
        target=target.astype(np.int32),
        arrival_s=arrival_s,
        final_s=np.where(completed, arrival_s + times["e2e_s"], journal.final_s[request]),
        **times,
        correct=correct,
        oracle_correct=best_possible(plan)[request],
        judged=(target < 0) | success_known(plan)[target, plan.workload.task_code[request]],
        oracle_judged=all_known(plan)[request],
        attempt_count=attempts_per_request(len(plan.workload), attempts)[request],
        reasoning_tokens=reasoning,
        slo_met=service_level(plan, request, completed, times),
    )


def delivered_times(
    journal: Journal,
    attempts: Attempts,
    request: NDArray[np.int64],
    winner: NDArray[np.int64],
    arrival_s: Column,
) -> dict[str, Column]:
    """Seconds from arrival to the delivered first and last token, and where they went.

    A verified answer is shown whole, when the verdict is in: its first token is delivered then.
    """
    if not len(attempts):
        names = ("ttft_s", "tpot_s", "e2e_s", "queue_s", "network_s")
        return {name: np.full(len(request), np.nan) for name in names}
    won = winner >= 0

    def of_winner(column: Column) -> Column:
        return np.where(won, column[winner], np.nan)

    back_s = of_winner(attempts.return_s)
    last_s = of_winner(attempts.finish_s) + back_s
    first_s = of_winner(attempts.first_s) + back_s
    buffered = journal.buffered[request] & won
    last_s = np.where(buffered, journal.final_s[request], last_s)
    first_s = np.where(buffered, last_s, first_s)
    output = of_winner(attempts.output.astype(np.float64))
    with np.errstate(divide="ignore", invalid="ignore"):
        tpot_s = np.where(output > 1, (last_s - first_s) / (output - 1), np.nan)
    path = path_times(attempts, len(journal.arrival_s))
    return {
        "ttft_s": first_s - arrival_s,
        "tpot_s": np.where(buffered, np.nan, tpot_s),
        "e2e_s": last_s - arrival_s,
        **{name: np.where(won, column[request], np.nan) for name, column in path.items()},
    }


def visible_times(
    times: dict[str, Column],
    winner: NDArray[np.int64],
    reasoning: NDArray[np.int32],
    buffered: NDArray[np.bool_],
) -> dict[str, Column]:
    """The times with hidden reasoning counted: the first visible token follows all of it.

    Reasoning tokens come at the answer's own pace, so they delay the first visible token by
    as many token times (exact for a steady pace).
    """
    delayed = (winner >= 0) & (reasoning > 0) & ~buffered & ~np.isnan(times["tpot_s"])
    shift_s = np.where(delayed, reasoning * np.nan_to_num(times["tpot_s"]), 0.0)
    return {**times, "ttft_s": times["ttft_s"] + shift_s}


def answers_given(
    plan: RunPlan, request: NDArray[np.int64], target: NDArray[np.int32]
) -> tuple[NDArray[np.bool_], NDArray[np.int32]]:
    """Whether each answer is right, and its hidden reasoning tokens; False and 0 without one."""
    models = np.array([entry.model for entry in plan.target_plans], np.int64)
    model = models[target]
    given = target >= 0
    correct = given & plan.answers.correct[model, request]
    output = plan.answers.output_token_count[model, request]
    reasoning = np.floor(output * plan.reasoning_ratio[model]).astype(np.int32)
    return correct, np.where(given, reasoning, 0).astype(np.int32)


def best_possible(plan: RunPlan) -> NDArray[np.bool_]:
    """Whether any target that is allowed for a request answers it right: the oracle's reach."""
    best = np.zeros(len(plan.workload), np.bool_)
    models = np.array([entry.model for entry in plan.target_plans], np.int64)
    for code, candidates in enumerate(plan.candidate_sets):
        rows = plan.set_code == code
        for model in sorted({int(models[target]) for target in candidates}):
            best[rows] |= plan.answers.correct[model, rows]
    return best


def success_known(plan: RunPlan) -> NDArray[np.bool_]:
    """By target and task whether a success ratio of the target's model is known."""
    tasks = plan.workload.task_names
    known = [[task in target.ability for task in tasks] for target in plan.targets]
    return np.array(known, np.bool_).reshape(len(plan.targets), len(tasks))


def all_known(plan: RunPlan) -> NDArray[np.bool_]:
    """By request whether the success ratios of all targets that are allowed for it are known."""
    known, task = success_known(plan), plan.workload.task_code
    by_set = [known[np.array(candidates, np.int64)].all(axis=0) for candidates in plan.candidate_sets]
    return np.asarray(np.array(by_set, np.bool_).reshape(-1, known.shape[1])[plan.set_code, task])


def attempts_per_request(request_count: int, attempts: Attempts) -> NDArray[np.int32]:
    """Number of attempts of every request."""
    return np.bincount(attempts.request, minlength=request_count).astype(np.int32)


def service_level(
    plan: RunPlan,
    request: NDArray[np.int64],
    completed: NDArray[np.bool_],
    times: dict[str, Column],
) -> NDArray[np.bool_]:
    """Which requests met every objective set for them; only completed ones can.

    An objective that is nan is not set; one token has no TPOT and so cannot miss it.
    """
    met = completed.copy()
    for name in ("ttft_s", "tpot_s", "e2e_s"):
        limit_s = plan.limits_s[name][request]
        met &= ~(times[name] > limit_s)
    return met
