"""Settings that are given and change nothing: what a report says of them.

Each rule yields `path: why`. Only what is written counts, not what is left to its default.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.arrivals import PlugInArrivals, TraceArrivals
from simulator.arrivals.bursty import BurstyArrivals
from simulator.scenario.recorded_answers import lengths_recorded, recorded_answers
from simulator.settings.faults import BrownOut, Partition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydantic import BaseModel

    from simulator.settings.fleet import Api, Autoscaling, Deployment, DeviceSettings
    from simulator.settings.router import ResilienceSettings
    from simulator.settings.scenario import Scenario
    from simulator.settings.streams import Client, Stream

    Finding = tuple[str, str]
    Rule = Callable[[Scenario], Iterator[Finding]]

BURSTS = ("burst_factor", "burst_share", "burst_duration")
UNUSED_BY_PROCESS = {"gamma": BURSTS, "mmpp": ("cv",), "on_off": ("cv", "burst_factor")}
OF_BATCHES = "a batch is answered when the provider's window allows, all at once"
BACKOFFS = ("backoff", "backoff_max", "jitter", "retry_after", "retry_after_max")
READING = ("outcome_models", "coverage", "right_from", "score", "score_scale")
COUNTERS = ("cooldown_by_hint", "allowed_fails", "allowed_fails_by_class")
SHARES = ("failure_ratio", "failure_min_count", "lone_failure_count")


def without_effect(scenario: Scenario) -> tuple[str, ...]:
    """A sentence for every setting of the scenario that changes nothing."""
    return tuple(f"{path} has no effect: {why}" for rule in RULES for path, why in rule(scenario))


def given(part: BaseModel | None, *names: str) -> list[str]:
    """Those of the keys that are written in a part."""
    return [] if part is None else [name for name in names if name in part.model_fields_set]


def below(path: str, names: list[str], why: str) -> Iterator[Finding]:
    """The same reason for several keys under a path."""
    yield from ((f"{path}.{name}", why) for name in names)


def of_streams(scenario: Scenario) -> Iterator[Finding]:
    """What streams say in vain."""
    for number, stream in enumerate(scenario.streams):
        path = f"workload.streams.{number}"
        yield from of_arrivals(f"{path}.arrivals", stream)
        yield from of_client(f"{path}.client", stream.client)
        yield from of_difficulty(scenario, path, stream)
        yield from of_lengths(scenario, path, stream)
        if stream.slo is not None and stream.slo.model_dump(exclude_none=True) == {}:
            yield f"{path}.slo", "it states no objective; without it the task's count"


def of_arrivals(path: str, stream: Stream) -> Iterator[Finding]:
    """Parameters of another process than the one chosen."""
    arrivals = stream.arrivals
    if isinstance(arrivals, BurstyArrivals):
        process = arrivals.process
        yield from below(
            path, given(arrivals, *UNUSED_BY_PROCESS[process]), f"process {process!r} does not use it"
        )


def of_client(path: str, client: Client) -> Iterator[Finding]:
    """Retries of clients that wait for ever, and pauses before retries that do not happen."""
    if client.timeout is None:
        yield from below(
            path, given(client, "retries", "backoff"), "a client without `timeout` never asks again"
        )
    elif client.retries == 0:
        yield from below(path, given(client, "backoff"), "there are no `retries`")


def of_difficulty(scenario: Scenario, path: str, stream: Stream) -> Iterator[Finding]:
    """Difficulties beside recorded answers, which have their own."""
    if scenario.settings.quality.outcomes is None:
        return
    why = "quality.outcomes gives each request's difficulty"
    yield from below(path, given(stream, "difficulty"), why)
    yield from below(f"{path}.agent", given(stream.agent, "shared_difficulty"), why)


def of_lengths(scenario: Scenario, path: str, stream: Stream) -> Iterator[Finding]:
    """Answer lengths, and what models do to them, where neither changes an answer."""
    follows = stream.session is not None or stream.agent is not None
    if lengths_recorded(scenario.settings):
        names = ("length_effects",) if follows else ("length_effects", "output_tokens")
        yield from below(path, given(stream, *names), "quality.outcomes gives each answer's length")
    elif stream.length_effects == "none" and stream.output_tokens is not None:
        yield f"{path}.length_effects", "stated lengths hold exactly without it"
    elif isinstance(stream.arrivals, PlugInArrivals) or stream.output_tokens is not None:
        return
    elif not isinstance(stream.arrivals, TraceArrivals):
        if stream.length_effects == "all":
            yield f"{path}.length_effects", "the lengths are the task's, which models change without it"
    elif stream.length_effects == "none" and not follows:
        yield f"{path}.length_effects", "recorded lengths hold exactly without it"


def of_quality(scenario: Scenario) -> Iterator[Finding]:
    """Ways to read a table that is not there, and the strength of a score that a table gives."""
    quality = scenario.settings.quality
    table = recorded_answers(scenario.settings)
    if table is None:
        yield from below("quality", given(quality, *READING), "there is no quality.outcomes to read")
    elif table.score is not None:
        yield from below("quality", given(quality, "router_auc"), "the score is a column of quality.outcomes")


def of_priorities(scenario: Scenario) -> Iterator[Finding]:
    """Priorities where no request queues, or where all have the same one."""
    alone = len({stream.priority for stream in scenario.streams}) == 1
    queues = any(entry.api is None for entry in scenario.fleet)
    why = "all streams have the same" if alone else "an `api` has no queue"
    for number, stream in enumerate(scenario.streams):
        if stream.priority and (alone or not queues):
            yield f"workload.streams.{number}.priority", why


def of_fleet(scenario: Scenario) -> Iterator[Finding]:
    """What deployments say in vain."""
    for number, entry in enumerate(scenario.fleet):
        path = f"fleet.{number}"
        if entry.api is not None:
            yield from of_api(f"{path}.api", entry.api)
        if entry.device is not None:
            yield from of_device(scenario, f"{path}.device", entry, entry.device)
        if entry.autoscaling is not None:
            yield from of_autoscaling(f"{path}.autoscaling", entry.autoscaling)
        yield from of_balancing(path, entry)


def of_api(path: str, api: Api) -> Iterator[Finding]:
    """The pace of calls where there are batches."""
    if api.plan == "batch":
        names = given(api, "concurrency", "overload", "ttft", "output_tokens_per_s")
        yield from below(path, names, OF_BATCHES)


def of_device(scenario: Scenario, path: str, entry: Deployment, device: DeviceSettings) -> Iterator[Finding]:
    """Counts of machines that users bring, and heat of machines of which nothing is known."""
    if device.per_user:
        yield from below(
            path, given(device, "count"), "each user brings one; a stream's `devices` says how many"
        )
    speed = scenario.catalog.device(device.device).speeds[entry.model]
    if speed.sustained_decode_tokens_per_s is None:
        why = f"no sustained speed of {entry.model!r} on {device.device!r} is known"
        yield from below(path, given(device, "sustained", "throttling"), why)
    elif device.sustained:
        yield from below(path, given(device, "throttling"), "with `sustained: true` it is always hot")
    elif not device.per_user:
        yield from below(path, given(device, "throttling"), "shared machines do not slow down")


def of_autoscaling(path: str, scaling: Autoscaling) -> Iterator[Finding]:
    """Bounds that leave nothing to scale."""
    if scaling.min == scaling.max and not scaling.scale_to_zero:
        yield path, f"min and max are both {scaling.min}"


def of_balancing(path: str, entry: Deployment) -> Iterator[Finding]:
    """Balancing over one queue."""
    ranks = entry.hardware.attention_data_parallel if entry.hardware else 1
    if (
        "balancing" in entry.model_fields_set
        and entry.balancing != "router"
        and entry.most_replicas * ranks == 1
    ):
        yield f"{path}.balancing", "there is one replica"


def of_network(scenario: Scenario) -> Iterator[Finding]:
    """Ways and prices of tiers and answers that there are none of."""
    network = scenario.settings.network
    tiers = {entry.tier for entry in scenario.fleet if not (entry.device and entry.device.per_user)}
    absent = [
        name for name in given(network.last_mile, *type(network.last_mile).model_fields) if name not in tiers
    ]
    yield from below("network.last_mile", absent, "no deployment of that tier is reached over a network")
    own = any(entry.api is None and entry.tier != "edge" for entry in scenario.fleet)
    if network.egress_usd_per_gb and not own:
        yield "network.egress_usd_per_gb", "only own capacity beyond the edge pays for what it sends"
    if not network.egress_usd_per_gb:
        why = "network.egress_usd_per_gb is 0"
        yield from below("network", given(network, "bytes_per_output_token"), why)


def of_signals(scenario: Scenario) -> Iterator[Finding]:
    """Signals of regions without deployments, and prices where electricity is not paid for."""
    signals = scenario.settings.signals
    standing = {entry.region for entry in scenario.fleet}
    paying = {entry.region for entry in scenario.fleet if pays_for_electricity(entry)}
    for region in signals.carbon_intensity:
        if region not in standing:
            yield f"signals.carbon_intensity.{region}", "no deployment stands there"
    for region in signals.electricity_price:
        if region not in paying:
            why = (
                "rented and bought capacity includes it"
                if region in standing
                else "no deployment stands there"
            )
            yield f"signals.electricity_price.{region}", why


def pays_for_electricity(entry: Deployment) -> bool:
    """Whether the operator pays the meter: owned chips, shared machines, black boxes that draw power."""
    if entry.hardware is not None:
        return entry.pricing is not None and entry.pricing.owned
    if entry.device is not None:
        return not entry.device.per_user
    return entry.endpoint is not None and entry.endpoint.power_w > 0.0


def of_router(scenario: Scenario) -> Iterator[Finding]:
    """An assignment with nothing to choose between, and resilience without what it goes with."""
    router = scenario.router
    if router.instances == 1:
        yield from below("router", given(router, "assignment"), "there is one of the router's `instances`")
    if router.resilience is not None:
        yield from of_resilience(router.resilience)


def of_resilience(settings: ResilienceSettings) -> Iterator[Finding]:
    """Pauses before retries, rules of a cooldown and bounds of fallbacks that there are none of."""
    path = "router.resilience"
    if settings.retries == 0 and not any(settings.retries_by_class.values()):
        yield from below(path, given(settings, *BACKOFFS), "there are no `retries`")
    if not settings.default_fallbacks and not any(settings.resilience().fallback_tables.values()):
        yield from below(path, given(settings, "max_fallbacks"), "there are no `fallbacks`")
    if settings.cooldown == 0.0:
        yield from below(path, given(settings, *COUNTERS, *SHARES), "`cooldown` is 0")
    elif settings.disable_cooldowns:
        yield from below(path, given(settings, "cooldown", *COUNTERS, *SHARES), "`disable_cooldowns` is true")
    elif settings.resilience().counts_fails():
        yield from below(path, given(settings, *SHARES), "`allowed_fails` takes the place of rules by share")


def of_faults(scenario: Scenario) -> Iterator[Finding]:
    """Faults that leave everything as it is."""
    ways = {
        frozenset((stream.region, entry.region)) for stream in scenario.streams for entry in scenario.fleet
    }
    for number, fault in enumerate(scenario.faults):
        if isinstance(fault, BrownOut) and fault.factor == 1.0 and fault.failure_ratio == 0.0:
            yield f"faults.{number}", "factor 1 and failure_ratio 0 change nothing"
        if isinstance(fault, Partition) and frozenset(fault.between) not in ways:
            yield f"faults.{number}", "no request goes between these regions"


def of_overrides(scenario: Scenario) -> Iterator[Finding]:
    """Own figures of entries that nothing in the scenario is made of."""
    used = used_entries(scenario)
    for kind, entries in scenario.settings.catalog.overrides.items():
        for name in entries:
            if kind in used and name not in used[kind]:
                yield f"catalog.overrides.{kind}.{name}", "nothing in the scenario uses it"


def used_entries(scenario: Scenario) -> dict[str, set[str]]:
    """Names of the catalog's entries that the scenario is made of, by kind."""
    fleet, streams = scenario.fleet, scenario.streams
    offers = {entry.api.offer for entry in fleet if entry.api is not None}
    return {
        "models": {entry.model for entry in fleet},
        "offers": offers,
        "providers": {offer.partition("/")[0] for offer in offers},
        "accelerators": {entry.hardware.accelerator for entry in fleet if entry.hardware is not None},
        "devices": {entry.device.device for entry in fleet if entry.device is not None},
        "regions": {entry.region for entry in fleet} | {stream.region for stream in streams},
        "tasks": {stream.task for stream in streams},
        "serving_profiles": {entry.engine.profile for entry in fleet if entry.hardware is not None},
    }


RULES: tuple[Rule, ...] = (
    of_streams,
    of_quality,
    of_priorities,
    of_fleet,
    of_network,
    of_signals,
    of_router,
    of_faults,
    of_overrides,
)
"""All rules, in the order of the report's warnings."""
