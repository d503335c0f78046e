"""What a scenario's figures stand on, in words: prices, capacity, objectives, abilities, sizes."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING

from catalogs.units import MS_PER_S, SECONDS_PER_HOUR
from simulator.fleet.backends.api_prices import prices_at, tariff_of
from simulator.fleet.capacity import chip_usd_per_s, is_owned, is_price_known, rent_kind
from simulator.report.warnings.merging import warnings_by_policy
from simulator.workload.demand import demand_of
from wayfare.render.lengths import length_line
from wayfare.render.numbers import count, duration, usd

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from catalogs.offers import Offer
    from simulator import Report, Scenario
    from simulator.settings.engine import Hardware
    from simulator.settings.fleet import Api, Deployment

LIMIT_NAMES = {"ttft_s": "TTFT", "tpot_s": "TPOT", "e2e_s": "E2E"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetFact:
    """One deployment as the run had it: what it stands on, how much of it, and its price at the start.

    `held` is whether it is paid by the hour, used or not.
    """

    name: str
    tier: str
    model: str
    region: str
    back_end: str
    size: str
    price: str
    held: bool


def assumption_lines(scenario: Scenario, report: Report) -> list[str]:
    """Prices; capacity; objectives; answer lengths; answers, month and sizes: a line each."""
    month, sizes = month_basis(report), size_line(scenario, report)
    return [
        f"prices: {price_line(scenario)}",
        f"capacity: {capacity_line(scenario)}",
        f"SLO: {objective_line(scenario)}",
        f"lengths: {length_line(scenario, report)}",
        f"answers: {ability_line(scenario)}; a month: {month}; sizes: {sizes}",
    ]


def price_line(scenario: Scenario) -> str:
    """Of which day and which catalog, with the list prices of the APIs."""
    catalog = scenario.catalog
    sold = [f"{fact.name} {fact.price}" for fact in fleet_facts(scenario) if not fact.held and fact.price]
    day = f"{scenario.start.date().isoformat()}, catalog {catalog.edition!r} of {catalog.date.isoformat()}"
    return "; ".join([f"of {day}", *sold])


def capacity_line(scenario: Scenario) -> str:
    """What is held by the hour, and its rent or amortisation."""
    held = [
        f"{fact.name} {fact.size} {fact.back_end}, {fact.price}"
        for fact in fleet_facts(scenario)
        if fact.held
    ]
    return "; ".join(held) or "none is held by the hour"


def objective_line(scenario: Scenario) -> str:
    """The objectives by stream."""
    return "; ".join(f"{name} {limits}" for name, limits in objectives(scenario))


def objectives(scenario: Scenario) -> list[tuple[str, str]]:
    """Each stream's name and its limits in words; its task's where it states none."""
    return [
        (stream.name, limits_in_words(demand_of(scenario, stream).limits_s)) for stream in scenario.streams
    ]


def limits_in_words(limits_s: dict[str, float]) -> str:
    """`TTFT ≤ 3 s, E2E ≤ 15 s`, or none."""
    parts = [
        f"{LIMIT_NAMES[key]} ≤ {plain_seconds(limit)}" for key, limit in limits_s.items() if not isnan(limit)
    ]
    return ", ".join(parts) or "none"


def plain_seconds(value_s: float) -> str:
    """Seconds of a limit, as a person would state it."""
    return f"{value_s:g} s" if value_s >= 1 else f"{value_s * MS_PER_S:g} ms"


def ability_line(scenario: Scenario) -> str:
    """Whether right and wrong are recorded, measured or assumed."""
    if scenario.settings.quality.outcomes is not None:
        return f"recorded in {scenario.settings.quality.outcomes}"
    pairs = [(model, task) for model in used_models(scenario) for task in used_tasks(scenario)]
    guessed = sum(
        scenario.catalog.model(model).origin_of(f"success.{task}").estimate for model, task in pairs
    )
    some = f"{guessed} of {len(pairs)} (model x task)"
    return f"drawn from the catalog's abilities, {some} estimated, not measured"


def used_models(scenario: Scenario) -> list[str]:
    """The fleet's models, each once."""
    return list(dict.fromkeys(entry.model for entry in scenario.fleet))


def used_tasks(scenario: Scenario) -> list[str]:
    """The streams' tasks, each once."""
    return list(dict.fromkeys(stream.task for stream in scenario.streams))


def month_basis(report: Report) -> str:
    """What `cost_usd.per_month` takes a month for."""
    return report.cost_usd.per_month_basis or ""


def warning_lines(reports: Sequence[Report]) -> list[str]:
    """The warnings of one policy, or of several, each kind once."""
    return warnings_by_policy({report.policy: report.warnings for report in reports})


def size_line(scenario: Scenario, report: Report) -> str:
    """How much was simulated."""
    arrived, times = count(report.figure("requests.arrived")), report.figure("replications") or 1
    return f"{arrived} requests in {duration(window_s(scenario))}, {times:.0f} times"


def window_s(scenario: Scenario) -> float:
    """Seconds that the report is about: the run without its warm-up."""
    return scenario.duration_s - scenario.warmup_s


def fleet_facts(scenario: Scenario) -> list[FleetFact]:
    """Every deployment in a line."""
    return [fleet_fact(scenario, entry) for entry in scenario.fleet]


def fleet_fact(scenario: Scenario, entry: Deployment) -> FleetFact:
    """One deployment."""
    back_end, size, price, held = described(scenario, entry)
    return FleetFact(
        name=entry.name, tier=entry.tier, model=entry.model, region=entry.region,
        back_end=back_end, size=size, price=price, held=held,
    )  # fmt: skip


def described(scenario: Scenario, entry: Deployment) -> tuple[str, str, str, bool]:
    """Back-end, size, price, and whether it is held by the hour."""
    if entry.hardware is not None:
        return (
            chips_in_words(entry.hardware),
            f"{replicas_in_words(entry)} x",
            chip_price(scenario, entry),
            True,
        )
    if entry.api is not None:
        held = entry.api.plan == "provisioned"
        return (
            entry.api.offer,
            f"{entry.api.units} units of" if held else "",
            api_price(scenario, entry.api),
            held,
        )
    if entry.device is not None:
        owner = "the user's own" if entry.device.per_user else f"{entry.device.count}"
        return (
            entry.device.device,
            owner,
            "costs the operator nothing" if entry.device.per_user else "owned",
            False,
        )
    return endpoint_in_words(entry)


def endpoint_in_words(entry: Deployment) -> tuple[str, str, str, bool]:
    """A black box's back-end, size, price, and whether it is held by the hour."""
    box = entry.endpoint
    if box is None:
        return entry.backend, "", "", False
    hourly = [f"{usd(box.usd_per_server_hour)} a server-hour"] if box.usd_per_server_hour else []
    single = [f"{usd(box.usd_per_request)} a request"] if box.usd_per_request else []
    price = " and ".join(hourly + single) or "free"
    return "endpoint", f"{box.servers} servers of", price, bool(hourly)


def chips_in_words(hardware: Hardware) -> str:
    """`2 l40s (fp8)`."""
    chips = hardware.tensor_parallel * hardware.attention_data_parallel
    return f"{f'{chips} ' if chips > 1 else ''}{hardware.accelerator} ({hardware.precision})"


def replicas_in_words(entry: Deployment) -> str:
    """`2`, or `1 to 4`."""
    scaling = entry.autoscaling
    return f"{entry.replicas}" if scaling is None else f"{scaling.min} to {scaling.max}"


def chip_price(scenario: Scenario, entry: Deployment) -> str:
    """What a chip costs by the hour, and on what terms."""
    chip = scenario.catalog.accelerator(entry.hardware.accelerator if entry.hardware else "")
    if not is_price_known(entry, chip):
        return f"{'purchase price' if is_owned(entry) else 'rent'} not known"
    hourly = usd(chip_usd_per_s(scenario, entry, chip) * SECONDS_PER_HOUR)
    return f"{hourly} a chip-hour, {terms_of_chips(entry, rent_kind(entry.pricing, chip))}"


def terms_of_chips(entry: Deployment, kind: str) -> str:
    """Owned, at a rent of one's own, or at a kind of rent of the catalog."""
    if is_owned(entry):
        return "owned with its server, electricity apart"
    own = entry.pricing is not None and entry.pricing.usd_per_chip_hour is not None
    return "the scenario's own rent" if own else f"rented ({kind.replace('_', ' ')})"


def api_price(scenario: Scenario, api: Api) -> str:
    """What tokens or units cost at the start of the run."""
    offer = scenario.catalog.offer(api.offer)
    if api.plan == "provisioned":
        return f"{usd(unit_usd(api, offer))} a unit-hour"
    given, cached, _written, output = prices_at(tariff_of(scenario, offer, api.plan), scenario.start)
    kept = "" if cached == given else f", {list_price(cached)} cached"
    plan = " in batches" if api.plan == "batch" else ""
    return f"{list_price(given)} in{kept}, {list_price(output)} out per Mtok{plan}"


def list_price(price: Decimal) -> str:
    """A price as it is published: every digit, cents at least."""
    exact = f"{price.normalize():f}"
    return f"${price:,.2f}" if len(exact.partition(".")[2]) <= 2 else f"${exact}"  # noqa: PLR2004  (cents)


def unit_usd(api: Api, offer: Offer) -> float | None:
    """Dollars of a provisioned unit's hour: the scenario's, else the offer's."""
    known = api.throughput or offer.throughput
    return None if known is None else float(known.usd_per_unit_hour)


def cost_parts(report: Report) -> Sequence[tuple[str, float | None]]:
    """Dollars of the window by how they are spent: fixed by the hour, variable by the request, metered.

    None where a price is not known.
    """
    part = report.cost_usd
    held = known_sum(part.capacity_used, part.capacity_idle)
    bought = known_sum(part.api, part.egress, part.routing)
    return (("by the hour (capacity)", held), ("by the request", bought), ("electricity", part.energy))


def known_sum(*amounts: float | None) -> float | None:
    """The sum; None where an amount is not known."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if len(known) == len(amounts) else None
