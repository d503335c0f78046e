"""What each deployment's figures are: fitted, estimated, published, measured or given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalogs.own_figures import OWN_SOURCE
from simulator.fleet.capacity import is_owned, is_price_known, rent_kind
from simulator.fleet.nearness import configuration_of, error_at, groups_behind, nearness
from simulator.report.figures import Format, block, figure
from simulator.report.warnings.domain import layout_gaps

if TYPE_CHECKING:
    from collections.abc import Iterable

    from catalogs.records import Entry
    from simulator.settings.engine import Hardware
    from simulator.settings.fleet import Api, Deployment, DeviceSettings, Endpoint
    from simulator.settings.scenario import Scenario

GIVEN, ESTIMATED, MEASURED, PUBLISHED, UNKNOWN, NONE = (
    "given",
    "estimated",
    "measured",
    "published",
    "not known",
    "none",
)
"""Words for figures: the scenario's own, a guess, of a measurement, of a vendor, nobody's, not needed."""
WATTS = ("floor_w", "memory_w", "compute_w")


NO_SERIES = "the sources of figures do not change during a run"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimesGrounds:
    """What simulated times are, and by how much they are expected to be off."""

    kind: str = figure(
        "How near the configuration is to what was measured: calibrated, recipe, group, model, accelerator; "
        "extrapolated or unknown; or given, estimated, measured, published."
    )
    note: str = figure("What else to know of them.")
    tpot_median: float | None = figure(
        "Median absolute relative error of TPOT on measured points as near as this; absent where unknown.",
        Format.RATIO,
        no_metric=NO_SERIES,
    )
    tpot_mean: float | None = figure("The mean of the same.", Format.RATIO, no_metric=NO_SERIES)
    ttft_median: float | None = figure("The median of TTFT's.", Format.RATIO, no_metric=NO_SERIES)
    points: int | None = figure("Measured points behind the errors.", Format.COUNT, no_metric=NO_SERIES)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentGrounds:
    """What a deployment's figures are: fitted, measured, published, estimated, given or recorded."""

    runs: str = figure("Which model on what.")
    times: TimesGrounds = block("Times.")
    watts: str = figure("Running watts; of an API the energy of its tokens.")
    price: str = figure("The price of capacity or tokens.")
    carbon: str = figure("The grid's carbon intensity.")
    answers: str = figure("Shares of right answers.")


def grounds(scenario: Scenario) -> dict[str, DeploymentGrounds]:
    """By deployment: what its times, watts, price, grid carbon and answers are."""
    return {entry.name: deployment_grounds(scenario, entry) for entry in scenario.fleet}


def deployment_grounds(scenario: Scenario, entry: Deployment) -> DeploymentGrounds:
    """What one deployment's figures are."""
    times, watts, price = back_end_grounds(scenario, entry)
    return DeploymentGrounds(
        runs=f"{entry.model} on {platform(entry)}",
        times=times,
        watts=watts,
        price=price,
        carbon=carbon_ground(scenario, entry),
        answers=answer_ground(scenario, entry),
    )


def platform(entry: Deployment) -> str:
    """What a deployment stands on, in a word or two."""
    if entry.hardware is not None:
        chips = entry.hardware.tensor_parallel * entry.hardware.attention_data_parallel
        return f"{f'{chips} ' if chips > 1 else ''}{entry.hardware.accelerator}"
    if entry.api is not None:
        return entry.api.offer
    return entry.device.device if entry.device is not None else "an endpoint"


def back_end_grounds(scenario: Scenario, entry: Deployment) -> tuple[TimesGrounds, str, str]:
    """What times, watts and price are, by kind of back-end."""
    if entry.hardware is not None:
        return (
            hardware_times(scenario, entry),
            chip_watts(scenario, entry.hardware),
            chip_price(scenario, entry),
        )
    if entry.api is not None:
        return api_times(scenario, entry.api), ESTIMATED, api_price(scenario, entry.api)
    if entry.device is not None:
        return device_grounds(scenario, entry.device, entry.model)
    return endpoint_grounds(entry.endpoint)


def source_word(entry: Entry, paths: Iterable[str], otherwise: str) -> str:
    """What an entry's figures are: one guess among them makes all of them one."""
    origins = [entry.origin_of(path) for path in paths]
    if any(origin.estimate for origin in origins):
        return ESTIMATED
    return GIVEN if any(origin.source == OWN_SOURCE for origin in origins) else otherwise


def times_of(kind: str, note: str = "") -> TimesGrounds:
    """Times without a known error."""
    return TimesGrounds(kind=kind, note=note, tpot_median=None, tpot_mean=None, ttft_median=None, points=None)


def hardware_times(scenario: Scenario, entry: Deployment) -> TimesGrounds:
    """How near the deployment is to what its profile was fitted to, and the error to expect there."""
    profile = scenario.catalog.serving_profile(entry.engine.profile)
    beyond = [*layout_gaps(entry), *(["speculative decoding"] if entry.engine.speculative else [])]
    if beyond:
        return times_of("extrapolated", "; ".join(beyond))
    here = configuration_of(scenario, entry)
    error = error_at(here, profile)
    if error is None:
        return times_of("unknown", profile.name)
    near = nearness(here, profile)
    note = chip_note(scenario, entry) if near == "accelerator" else ""
    return TimesGrounds(kind=near, note=note, **error.model_dump())


def chip_note(scenario: Scenario, entry: Deployment) -> str:
    """What makes a chip that nobody measured further from the fit than those that were held out of it."""
    chips = scenario.catalog.accelerators
    profile = scenario.catalog.serving_profile(entry.engine.profile)
    chip = scenario.catalog.accelerator(entry.hardware.accelerator if entry.hardware else "")
    vendors = {
        chips[group.accelerator].vendor for group in groups_behind(profile) if group.accelerator in chips
    }
    stranger = [] if chip.vendor in vendors else [f"none of them of {chip.vendor}"]
    guessed = ["its factors estimated"] if chip.factors and chip.origin_of("factors").estimate else []
    return ", ".join([*stranger, *guessed])


def chip_watts(scenario: Scenario, hardware: Hardware) -> str:
    """What a chip's running watts are."""
    return source_word(scenario.catalog.accelerator(hardware.accelerator), WATTS, MEASURED)


def chip_price(scenario: Scenario, entry: Deployment) -> str:
    """What the price of the chips is, rented or bought."""
    chip = scenario.catalog.accelerator(entry.hardware.accelerator if entry.hardware else "")
    pricing = entry.pricing
    if not is_price_known(entry, chip):
        return UNKNOWN
    if is_owned(entry):
        stated = pricing is not None and pricing.purchase_usd_per_chip is not None
        return GIVEN if stated else source_word(chip, ("purchase_usd",), PUBLISHED)
    if pricing is not None and pricing.usd_per_chip_hour is not None:
        return GIVEN
    return source_word(chip, (f"rent_usd_per_hour.{rent_kind(pricing, chip)}",), PUBLISHED)


def api_times(scenario: Scenario, api: Api) -> TimesGrounds:
    """What a provider's latency and pace are."""
    offer = scenario.catalog.offer(api.offer)
    if api.plan == "batch":
        provider = scenario.catalog.providers[offer.provider]
        return times_of(source_word(provider, ("batch.turnaround_s",), PUBLISHED))
    own = {"ttft_s": api.ttft, "output_tokens_per_s": api.output_tokens_per_s}
    taken = [name for name, value in own.items() if value is None]
    return times_of(source_word(offer, taken, PUBLISHED) if taken else GIVEN)


def api_price(scenario: Scenario, api: Api) -> str:
    """What the price of tokens or units is."""
    offer = scenario.catalog.offer(api.offer)
    if api.plan == "provisioned":
        return GIVEN if api.throughput is not None else source_word(offer, ("throughput",), PUBLISHED)
    row = offer.prices.index(offer.price_at(scenario.start))
    return source_word(offer, (f"prices.{row}",), PUBLISHED)


def device_grounds(scenario: Scenario, settings: DeviceSettings, model: str) -> tuple[TimesGrounds, str, str]:
    """What a device's speeds, watts and price are; a user's own costs the operator nothing."""
    device = scenario.catalog.device(settings.device)
    speeds = [f"speeds.{model}.{name}_tokens_per_s" for name in ("decode", "prefill")]
    price = NONE if settings.per_user else source_word(device, ("purchase_usd",), PUBLISHED)
    return (
        times_of(source_word(device, speeds, MEASURED)),
        source_word(device, ("active_w",), MEASURED),
        price,
    )


def endpoint_grounds(box: Endpoint | None) -> tuple[TimesGrounds, str, str]:
    """What a black box takes is as the scenario gives it."""
    priced = box is not None and (box.usd_per_request or box.usd_per_server_hour)
    powered = box is not None and (box.power_w or box.idle_w)
    return times_of(GIVEN), GIVEN if powered else NONE, GIVEN if priced else NONE


def carbon_ground(scenario: Scenario, entry: Deployment) -> str:
    """What the grid's intensity is where the deployment stands, its and its course over the day."""
    if entry.region in scenario.settings.signals.carbon_intensity:
        return GIVEN
    region = scenario.catalog.region(entry.region)
    mean, course = (
        source_word(region, (f"carbon_{name}",), PUBLISHED) for name in ("gco2e_per_kwh", "peak_to_trough")
    )
    guessed = course == ESTIMATED != mean and region.carbon_peak_to_trough != 1.0
    return f"{mean}, its daily course estimated" if guessed else mean


def answer_ground(scenario: Scenario, entry: Deployment) -> str:
    """What the model's shares of right answers are, over the streams' tasks."""
    if scenario.settings.quality.outcomes is not None:
        return "recorded"
    tasks = dict.fromkeys(stream.task for stream in scenario.streams)
    model = scenario.catalog.model(entry.model)
    words = [source_word(model, (f"success.{task}",), MEASURED) for task in tasks]
    if len(set(words)) == 1:
        return words[0]
    return f"{words.count(ESTIMATED)} of {len(words)} tasks estimated"
