"""From a scenario to the plan of one replication: workload, answers, targets, terms.

Everything here is the same for every policy.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import fsum
from typing import TYPE_CHECKING

import numpy as np

from router.constraints import StreamConstraints, screen
from router.views.request import RequestTable
from simulator.fleet.backend import Work
from simulator.fleet.registry import BACKENDS
from simulator.fleet.site import OWN_DEVICE_REGION
from simulator.plan.carbon import carbon_forecast
from simulator.plan.incidents import faults_after_end, incidents_of
from simulator.plan.instances import instance_codes
from simulator.plan.month import month_of
from simulator.plan.queries import asking, queries_asked, query_ids, with_lengths
from simulator.plan.recorded_choices import recorded_choices
from simulator.plan.repeats import repeats_of
from simulator.plan.router_knowledge import answerer, learned_statistics, prior_of
from simulator.plan.router_scores import router_scores
from simulator.plan.scalings import scalings_of
from simulator.plan.targets import Slot, group_of, slots_of, target_of, target_plan, terms_of
from simulator.quality.answers import TaskDifficulty, answer_table, unknown_success
from simulator.quality.router_estimates import noisy_difficulty
from simulator.scenario.recorded_answers import answer_notes, recorded_answers
from simulator.streams import RandomStreams, keyed_uniform, stable_hash
from simulator.workload.demand import demand_of
from simulator.workload.generate import generate_workload
from simulator.world.plan import FeedbackPlan, Patience, RunPlan, TaskRule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from router.constraints import Screening
    from router.views.fleet import Target
    from router.views.request import AnswerTable
    from simulator.accounting.month import Month
    from simulator.accounting.terms import BillingTerms
    from simulator.fleet.backend import Service
    from simulator.quality.answers import AnsweringModel
    from simulator.settings.fleet import Deployment
    from simulator.settings.scenario import Scenario
    from simulator.settings.streams import Stream
    from simulator.workload.columns import Workload
    from simulator.workload.demand import StreamDemand
    from simulator.world.plan import TargetPlan, Timings

OBJECTIVES = ("ttft_s", "tpot_s", "e2e_s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """A plan to run, the terms to settle it on, what a month is, and what readers should be warned of."""

    plan: RunPlan
    terms: tuple[BillingTerms, ...]
    warnings: tuple[str, ...]
    month: Month


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """What the scenario's deployments come to; `batch` are the targets that answer late."""

    services: tuple[Service, ...]
    slots: tuple[Slot, ...]
    targets: tuple[Target, ...]
    batch: frozenset[int]


def fleet_of(scenario: Scenario, workload: Workload | None = None) -> Fleet:
    """The scenario's fleet; with a `workload` routers know the usual answers of recorded traces too."""
    services = tuple(BACKENDS[entry.backend].service(scenario, entry) for entry in scenario.fleet)
    slots = tuple(slots_of(scenario, services))
    models = {entry.model for entry in scenario.fleet}
    carbon = {region: carbon_forecast(scenario, region) for region in {e.region for e in scenario.fleet}}
    learned = {name: learned_statistics(scenario, name, workload) for name in models}
    return Fleet(
        services=services,
        slots=slots,
        targets=tuple(
            target_of(scenario, slot, index, learned[slot.deployment.model], carbon[slot.deployment.region])
            for index, slot in enumerate(slots)
        ),
        batch=frozenset(index for index, slot in enumerate(slots) if slot.service.batch),
    )


def run_seed(scenario: Scenario, replication: int) -> int:
    """The seed of draws by key in one replication."""
    return stable_hash("run", scenario.seed, replication) >> 1


def resolve(scenario: Scenario, replication: int = 0) -> Resolution:
    """The resolved replication."""
    streams = RandomStreams(scenario.seed, replication)
    seed = run_seed(scenario, replication)
    demands = [demand_of(scenario, stream) for stream in scenario.streams]
    workload = generate_workload(scenario, streams)
    fleet = fleet_of(scenario, workload)
    targets, slots = fleet.targets, fleet.slots
    models = tuple(dict.fromkeys(entry.model for entry in scenario.fleet))
    answerers = [answerer(scenario, name) for name in models]
    workload, answers = answered(scenario, workload, answerers, seed)
    screening = screened(scenario, targets, workload, fleet.batch)
    return Resolution(
        plan=RunPlan(
            seed=seed,
            workload=workload,
            repeats_prefix=repeats_prefix(workload),
            requests=request_table(scenario, workload, demands, targets, models, answers, seed),
            answers=answers,
            model_names=models,
            reasoning_ratio=np.array([entry.reasoning_ratio for entry in answerers]),
            limits_s=limits_s(workload, demands),
            targets=targets,
            target_plans=target_plans(scenario, slots, models, workload, answers, streams),
            groups=tuple(group_of(slot) for slot in slots),
            repeats=repeats_of(workload),
            candidate_sets=screening.sets,
            set_code=screening.set_of_request,
            empty_reasons=screening.reasons,
            patience=tuple(patience_of(stream) for stream in scenario.streams),
            task_rules=tuple(task_rule(stream) for stream in scenario.streams),
            warmup_s=scenario.warmup_s,
            duration_s=scenario.duration_s,
            end_s=scenario.duration_s + scenario.settings.drain,
            telemetry_step_s=scenario.settings.telemetry_step_s,
            staleness_s=scenario.router.staleness,
            router_instances=scenario.router.instances,
            instance_code=instance_codes(scenario.router, workload, seed),
            decision_latency_s=scenario.router.decision_latency,
            decision_usd=scenario.router.decision_usd,
            incidents=incidents_of(scenario, slots, workload.region_names, seed),
            scalings=tuple(scalings_of(scenario, slots)),
            feedback=feedback_plan(scenario, workload, seed),
        ),
        terms=tuple(terms_of(scenario, slot) for slot in slots),
        warnings=resolution_warnings(scenario, workload, fleet, answerers),
        month=month_of(scenario, workload),
    )


def resolution_warnings(
    scenario: Scenario, workload: Workload, fleet: Fleet, answerers: Sequence[AnsweringModel]
) -> tuple[str, ...]:
    """What readers should know of a replication before it has run."""
    return (
        *warnings_of(workload, fleet.services),
        *unknown_success(answerers, workload.task_names),
        *answer_notes(scenario.settings),
        *faults_after_end(scenario),
    )


def answered(
    scenario: Scenario, workload: Workload, answerers: Sequence[AnsweringModel], seed: int
) -> tuple[Workload, AnswerTable]:
    """The workload and every model's answers: by the response curve, or as they were recorded.

    With recorded answers a request is a query of the table, and difficult as that one.
    """
    table = recorded_answers(scenario.settings)
    if table is None:
        sharpness = scenario.settings.quality.discrimination
        return workload, answer_table(workload, answerers, difficulties(scenario), sharpness, seed)
    query = queries_asked(table, workload, seed)
    asked = asking(scenario, workload, table, query)
    answers = table.answers([entry.name for entry in answerers], query, seed)
    return asked, with_lengths(asked, answerers, answers, seed)


def warnings_of(workload: Workload, services: Sequence[Service]) -> tuple[str, ...]:
    """What back-ends warn of, and how many rows of traces could not be used."""
    dropped = [
        f"{count} rows of the trace were not used: {reason}"
        for reason, count in workload.dropped_row_count.items()
    ]
    return (*(text for service in services for text in service.warnings), *workload.notes, *dropped)


def difficulties(scenario: Scenario) -> dict[str, TaskDifficulty]:
    """The usual difficulty of every task of the catalog."""
    return {
        name: TaskDifficulty(mean=task.difficulty_mean, sd=task.difficulty_sd)
        for name, task in scenario.catalog.tasks.items()
    }


def limits_s(workload: Workload, demands: Sequence[StreamDemand]) -> dict[str, NDArray[np.float64]]:
    """The objectives of every request, nan where unset."""
    return {
        name: np.array([demand.limits_s[name] for demand in demands])[workload.stream_code]
        for name in OBJECTIVES
    }


def repeats_prefix(workload: Workload) -> NDArray[np.bool_]:
    """Which requests may repeat a prefix: turns that carry their history, recorded ones with blocks."""
    return (workload.history_token_count >= 0) | (np.diff(workload.prefix_offset) > 0)


def patience_of(stream: Stream) -> Patience:
    """What the stream's clients do."""
    client = stream.client
    timeout_s = np.inf if client.timeout is None else client.timeout
    return Patience(timeout_s=timeout_s, retries=client.retries, backoff_s=client.backoff)


def feedback_plan(scenario: Scenario, workload: Workload, seed: int) -> FeedbackPlan | None:
    """Of which answers routers hear whether they were right: the stated share, drawn by request."""
    given = scenario.settings.quality.feedback
    if given is None:
        return None
    drawn = keyed_uniform(seed, "feedback", workload.key) < given.ratio
    return FeedbackPlan(given=drawn, delay_s=given.delay)


def task_rule(stream: Stream) -> TaskRule | None:
    """When the stream's agent tasks succeed; None where it has no agents."""
    return None if stream.agent is None else TaskRule(every_call=stream.agent.success == "all")


def screened(
    scenario: Scenario, targets: Sequence[Target], workload: Workload, batch: frozenset[int]
) -> Screening:
    """The targets that hard constraints leave for each request; `batch` are those that answer late."""
    longest = workload.input_token_count.astype(np.int64) + workload.window_output_token_count
    limits = [stream_limits(scenario, stream, targets, batch) for stream in scenario.streams]
    return screen(targets, limits, workload.stream_code, longest)


def stream_limits(
    scenario: Scenario, stream: Stream, targets: Sequence[Target], batch: frozenset[int]
) -> StreamConstraints:
    """What the stream demands; its users' own machines stand where the users are."""
    residency = None if stream.residency is None else set(stream.residency)
    if residency is not None and stream.region in residency:
        residency.add(OWN_DEVICE_REGION)
    success = [scenario.catalog.model(target.model).success for target in targets]
    return StreamConstraints(
        residency=None if residency is None else frozenset(residency),
        banned_tiers=frozenset(stream.banned_tiers),
        capability_floor=stream.capability_floor,
        barred=frozenset() if stream.deferrable else batch,
        average_success=tuple(by_task.get(stream.task, np.nan) for by_task in success),
    )


def request_table(
    scenario: Scenario,
    workload: Workload,
    demands: Sequence[StreamDemand],
    targets: Sequence[Target],
    models: tuple[str, ...],
    answers: AnswerTable,
    seed: int,
) -> RequestTable:
    """What the router sees of every request."""
    limits = limits_s(workload, demands)
    return RequestTable(
        task_names=workload.task_names,
        tenant_names=workload.tenant_names,
        region_names=workload.region_names,
        task_code=workload.task_code,
        tenant_code=workload.tenant_code,
        region_code=workload.region_code,
        prompt_token_count=workload.input_token_count,
        max_output_token_count=workload.max_output_token_count,
        estimated_difficulty=expected_difficulty(scenario, workload, demands, seed),
        **router_scores(scenario, needs_strong(targets, models, workload, answers), workload, seed),
        session=workload.session,
        turn=workload.turn,
        ttft_limit_s=limits["ttft_s"],
        e2e_limit_s=limits["e2e_s"],
        stream_names=workload.stream_names,
        stream_code=workload.stream_code,
        defer_deadline_s=defer_deadline_s(scenario, workload),
        prefix_offset=workload.prefix_offset,
        prefix_block=workload.prefix_block,
        history_token_count=workload.history_token_count,
        **recorded_choices(workload),
        query_names=query_ids(scenario, workload),
        query_code=workload.query_code,
    )


def defer_deadline_s(scenario: Scenario, workload: Workload) -> NDArray[np.float64]:
    """How long every request may be held back, nan where it may not."""
    stated = [stream.defer_deadline for stream in scenario.streams]
    by_stream = np.array([np.nan if deadline is None else deadline for deadline in stated])
    return by_stream[workload.stream_code]


def expected_difficulty(
    scenario: Scenario, workload: Workload, demands: Sequence[StreamDemand], seed: int
) -> NDArray[np.float64]:
    """What the router expects of every request's difficulty after its noisy look, logits."""
    noise_sd = scenario.settings.quality.difficulty_noise
    expected = noisy_difficulty(workload.difficulty, noise_sd, seed, workload.key)
    for code, demand in enumerate(demands):
        rows = workload.stream_code == code
        expected[rows] = prior_of(scenario, demand).expected(expected[rows], noise_sd)
    return expected


def needs_strong(
    targets: Sequence[Target], models: tuple[str, ...], workload: Workload, answers: AnswerTable
) -> NDArray[np.bool_]:
    """Which requests the strongest model answers right and the cheapest one does not."""
    weak, strong = weak_and_strong(targets, workload)
    return answers.correct[models.index(strong)] & ~answers.correct[models.index(weak)]


def weak_and_strong(targets: Sequence[Target], workload: Workload) -> tuple[str, str]:
    """Models of the cheapest and of the strongest target, over the tasks of the workload."""
    share = np.bincount(workload.task_code, minlength=len(workload.task_names)).tolist()

    def ability(target: Target) -> float:
        known = [target.ability.get(task, -30.0) for task in workload.task_names]
        return fsum(count * logits for count, logits in zip(share, known, strict=True))

    weak = min(targets, key=lambda target: (target.output_price_usd_per_mtok, target.index))
    strong = max(targets, key=lambda target: (ability(target), -target.index))
    return weak.model, strong.model


def timings_of(
    scenario: Scenario,
    entry: Deployment,
    workload: Workload,
    output: NDArray[np.int32],
    streams: RandomStreams,
) -> Timings | None:
    """Service times of a deployment: every stream's drawn apart, so that none moves another's."""
    parts = []
    for code, name in enumerate(workload.stream_names):
        rows = np.flatnonzero(workload.stream_code == code)
        work = Work(prompt=workload.input_token_count[rows], output=output[rows])
        part = BACKENDS[entry.backend].timings(scenario, entry, work, streams.within(name))
        if part is None:
            return None
        parts.append((rows, part))
    first_s, gap_s = np.empty(len(workload)), np.empty(len(workload))
    for rows, part in parts:
        first_s[rows], gap_s[rows] = part.first_s, part.gap_s
    return replace(parts[0][1], first_s=first_s, gap_s=gap_s)


def target_plans(
    scenario: Scenario,
    slots: Sequence[Slot],
    models: tuple[str, ...],
    workload: Workload,
    answers: AnswerTable,
    streams: RandomStreams,
) -> tuple[TargetPlan, ...]:
    """How the world reaches every target; a deployment's replicas share their timings."""
    timings = []
    for entry in scenario.fleet:
        output = answers.output_token_count[models.index(entry.model)]
        timings.append(timings_of(scenario, entry, workload, output, streams))
    return tuple(target_plan(scenario, slot, models, workload, timings[slot.number], slots) for slot in slots)
