"""Targets: what a policy can send to, made of a deployment or of one of its replicas."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from math import isfinite
from typing import TYPE_CHECKING

from catalogs.units import BYTES_PER_GB, JOULES_PER_WH, SECONDS_PER_MINUTE
from router.views.fleet import Target
from simulator.accounting.terms import BillingTerms, ServiceTerms
from simulator.fleet.site import (
    OWN_DEVICE_REGION,
    electricity_usd_per_kwh,
    intensity_gco2e_per_kwh,
    one_way_s,
    pue,
    water_site_l_per_kwh,
)
from simulator.kernel.codes import LEAST_OUTSTANDING, RANDOM, ROUND_ROBIN, SESSION_AFFINITY
from simulator.kernel.spec import GroupSpec
from simulator.quality.answers import AnsweringModel, TaskDifficulty, abilities
from simulator.signals import ConstantSignal
from simulator.world.plan import TargetPlan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router.views.carbon import CarbonForecast
    from simulator.fleet.backend import Service
    from simulator.plan.router_knowledge import LearnedStatistics
    from simulator.settings.fleet import Deployment
    from simulator.settings.scenario import Scenario
    from simulator.workload.columns import Workload
    from simulator.world.plan import Timings

BALANCING = {
    "least_outstanding": LEAST_OUTSTANDING,
    "round_robin": ROUND_ROBIN,
    "random": RANDOM,
    "session_affinity": SESSION_AFFINITY,
    "router": LEAST_OUTSTANDING,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One target to be: deployment number `number` of the scenario, and its service.

    `name` is the deployment's, or with `/i` its replica's; `service.queue_count` is what stands
    behind this target.
    """

    number: int
    name: str
    deployment: Deployment
    service: Service


def slots_of(scenario: Scenario, services: Sequence[Service]) -> list[Slot]:
    """The targets of the fleet: one a deployment, or one a replica where the router balances."""
    slots: list[Slot] = []
    for number, (entry, service) in enumerate(zip(scenario.fleet, services, strict=True)):
        if entry.balancing != "router":
            slots.append(Slot(number=number, name=entry.name, deployment=entry, service=service))
            continue
        single = replace(service, queue_count=service.rank_count)
        names = [f"{entry.name}/{replica}" for replica in range(service.replica_count)]
        slots += [Slot(number=number, name=name, deployment=entry, service=single) for name in names]
    return slots


def target_of(
    scenario: Scenario, slot: Slot, index: int, learned: LearnedStatistics, carbon: CarbonForecast
) -> Target:
    """What the router knows of a target."""
    model = scenario.catalog.model(slot.deployment.model)
    service = slot.service
    return Target(
        index=index,
        name=slot.name,
        deployment=slot.deployment.name,
        tier=slot.deployment.tier,
        model=model.name,
        region=OWN_DEVICE_REGION if service.own_device else slot.deployment.region,
        context_window_tokens=service.context_window_tokens,
        ability=model_abilities(scenario, model.name),
        discrimination=scenario.settings.quality.discrimination,
        input_price_usd_per_mtok=service.input_usd_per_mtok,
        output_price_usd_per_mtok=service.output_usd_per_mtok,
        expected_output_tokens=learned.task_output_tokens,
        stream_output_tokens=learned.stream_output_tokens,
        success_curves=learned.success_curves,
        replica_count=service.replica_count,
        cached_input_price_usd_per_mtok=service.cached_input_usd_per_mtok,
        provider=service.provider,
        weight=weight_of(slot.deployment),
        requests_per_minute=per_minute(service.limits.requests_per_s),
        **energy_j_per_token(scenario, slot),
        carbon=carbon,
        tokens_per_minute=per_minute(service.limits.input_tokens_per_s, service.limits.output_tokens_per_s),
    )


def energy_j_per_token(scenario: Scenario, slot: Slot) -> dict[str, float | None]:
    """Joules at the meter of a prompt and of an answer token more; the catalog's estimate of an API's.

    An estimate of 0 is none.
    """
    service = slot.service
    rates_j = (service.energy_j_per_input_token, service.energy_j_per_output_token)
    factor = pue(scenario, slot.deployment)
    if slot.deployment.api is not None:
        rates_j, factor = (service.api_wh_per_input_token, service.api_wh_per_output_token), JOULES_PER_WH
    known = rates_j[1] > 0.0
    names = ("energy_j_per_input_token", "energy_j_per_output_token")
    return {name: rate * factor if known else None for name, rate in zip(names, rates_j, strict=True)}


def weight_of(deployment: Deployment) -> float | None:
    """A target's part of the deployment's weight, shared evenly where each replica is a target."""
    count = deployment.replicas if deployment.balancing == "router" else 1
    return None if deployment.weight is None else deployment.weight / count


def per_minute(*limits_per_s: float) -> float | None:
    """The finite ones of these limits a second, together and a minute; `None` where there are none."""
    finite = [limit for limit in limits_per_s if isfinite(limit)]
    return sum(finite) * SECONDS_PER_MINUTE if finite else None


def model_abilities(scenario: Scenario, name: str) -> dict[str, float]:
    """The model's ability in logits by task."""
    tasks = {
        task: TaskDifficulty(mean=entry.difficulty_mean, sd=entry.difficulty_sd)
        for task, entry in scenario.catalog.tasks.items()
    }
    model = AnsweringModel(name=name, success=scenario.catalog.model(name).success)
    return abilities(model, tasks, scenario.settings.quality.discrimination)


def group_of(slot: Slot) -> GroupSpec:
    """The kernel's queues behind a target."""
    decode = slot.service.decode
    return GroupSpec(
        queues=slot.service.queues,
        count=slot.service.queue_count - (decode.count if decode else 0),
        decode=decode,
        balancing=BALANCING[slot.deployment.balancing],
        limits=slot.service.limits,
    )


def target_plan(
    scenario: Scenario,
    slot: Slot,
    models: tuple[str, ...],
    workload: Workload,
    timings: Timings | None,
    slots: Sequence[Slot],
) -> TargetPlan:
    """How the world reaches a target."""
    way_s = one_way_s(scenario, slot.deployment, workload.region_names)
    before = slots[: slots.index(slot)]
    return TargetPlan(
        model=models.index(slot.deployment.model),
        forward_s=way_s,
        back_s=way_s,
        timings=timings,
        own_device=slot.service.own_device,
        queue_count=slot.service.queue_count,
        decode_count=slot.service.decode.count if slot.service.decode else 0,
        rank_count=slot.service.rank_count,
        first_queue=sum(other.service.queue_count for other in before),
        failure_ratio=slot.service.failure_ratio,
        metering=slot.service.metering,
        absence=slot.service.absence,
    )


def terms_of(scenario: Scenario, slot: Slot) -> BillingTerms:
    """On what terms a target is settled: what its service costs and draws, where it stands."""
    service, entry = slot.service, slot.deployment
    region = scenario.catalog.region(entry.region)
    site_l = water_site_l_per_kwh(scenario, entry)
    tariff = electricity_usd_per_kwh(scenario, entry.region) if service.pays_meter else ConstantSignal(0.0)
    known = {field.name: getattr(service, field.name) for field in fields(ServiceTerms)}
    return BillingTerms(
        **known,
        target=slot.name,
        deployment=entry.name,
        tier=entry.tier,
        model=entry.model,
        region=entry.region,
        queue_count=service.queue_count * service.unit_count,
        meter_usd_per_kwh=tariff,
        egress_usd_per_token=egress_usd_per_token(scenario, slot),
        pue=pue(scenario, entry),
        intensity_gco2e_per_kwh=intensity_gco2e_per_kwh(scenario, entry.region),
        water_l_per_kwh=site_l + region.wue_source_l_per_kwh,
        water_site_l_per_kwh=site_l,
    )


def egress_usd_per_token(scenario: Scenario, slot: Slot) -> float:
    """What sending one answer token out costs; nothing for APIs and edge machines."""
    if slot.deployment.api is not None or slot.deployment.tier == "edge":
        return 0.0
    network = scenario.settings.network
    return network.egress_usd_per_gb * network.bytes_per_output_token / BYTES_PER_GB
