"""Back-end `device`: edge machines that run one stream at a time, at measured speeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from catalogs.errors import UnknownEntryError
from catalogs.units import GRAMS_PER_KG, SECONDS_PER_YEAR, TOKENS_PER_MTOK
from simulator.fleet.backend import Service
from simulator.fleet.backends.hardware import shape_of
from simulator.fleet.backends.offline import offline_schedule
from simulator.fleet.ownership import owned_device
from simulator.kernel.spec import ServersSpec
from simulator.serving.attention import kv_bytes_per_token
from simulator.serving.hardware import Layout
from simulator.world.plan import Throttling, Timings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from catalogs.records import Device, DeviceSpeed
    from simulator.fleet.backend import Work
    from simulator.settings.fleet import Deployment, DeviceSettings
    from simulator.settings.scenario import Scenario
    from simulator.streams import RandomStreams

GIGA = 1e9


class DeviceBackend:
    """Every user's own machine, or so many shared ones; one stream at a time."""

    def problems(self, scenario: Scenario, deployment: Deployment) -> Iterator[tuple[str, str]]:
        """An unknown device, a model not measured on it, or one that does not fit."""
        settings = device_settings(deployment)
        try:
            device = scenario.catalog.device(settings.device)
        except UnknownEntryError as error:
            yield "device.device", str(error.args[0])
            return
        if deployment.model not in device.speeds:
            yield from unmeasured(scenario, deployment, device)
            return
        yield from memory_problems(deployment, device)
        if not settings.per_user and device.purchase_usd is None:
            yield "device.per_user", f"{device.name!r} has no known price, so it cannot be shared"

    def service(self, scenario: Scenario, deployment: Deployment) -> Service:
        """One queue per machine."""
        settings = device_settings(deployment)
        device = scenario.catalog.device(settings.device)
        count = device_count(scenario) if settings.per_user else settings.count
        limit = -1 if settings.queue_limit is None else settings.queue_limit
        owned = None if settings.per_user else owned_device(scenario.catalog, device)
        usd_per_s = owned.usd_per_chip_second if owned else 0.0
        price = usd_per_s / speed_of(device, deployment) * TOKENS_PER_MTOK
        lifetime_s = device.lifetime_years * SECONDS_PER_YEAR
        return Service(
            queues=ServersSpec(servers=1, queue_limit=limit, power_w=device.active_w),
            queue_count=count,
            own_device=settings.per_user,
            user_side=settings.per_user,
            context_window_tokens=context_window(scenario, deployment, device),
            output_usd_per_mtok=price,
            energy_j_per_input_token=device.active_w / prefill_speed_of(device, deployment),
            energy_j_per_output_token=device.active_w / speed_of(device, deployment),
            capacity_usd_per_s=usd_per_s,
            pays_meter=not settings.per_user,
            idle_w=0.0 if settings.per_user else device.idle_w,
            embodied_gco2e_per_s=device.embodied_kgco2e * GRAMS_PER_KG / lifetime_s,
            absence=offline_schedule(scenario, deployment, settings.offline),
            battery_wh=device.battery_wh,
        )

    def timings(
        self, scenario: Scenario, deployment: Deployment, work: Work, streams: RandomStreams
    ) -> Timings:
        """Prompt over prefill speed and one token to the first; then one token after the other.

        Of a device that slows down as it heats these are the times when cold.
        """
        del streams
        device = scenario.catalog.device(device_settings(deployment).device)
        gap_s = 1.0 / speed_of(device, deployment)
        return Timings(
            first_s=work.prompt / prefill_speed_of(device, deployment) + gap_s,
            gap_s=np.full(len(work.prompt), gap_s),
            redraw=False,
            throttling=throttling_of(device, deployment),
        )


def device_settings(deployment: Deployment) -> DeviceSettings:
    """The deployment's device settings; only called where there are some."""
    if deployment.device is None:
        message = f"deployment {deployment.name!r} has no device"
        raise TypeError(message)
    return deployment.device


def device_count(scenario: Scenario) -> int:
    """Machines of all users of all streams."""
    return sum(stream.devices for stream in scenario.streams)


def speed_of(device: Device, deployment: Deployment) -> float:
    """Answer tokens per second: sustained where the scenario says so and the figure is known."""
    return device.speeds[deployment.model].decode_tokens_per_s * slowness(device, deployment)


def prefill_speed_of(device: Device, deployment: Deployment) -> float:
    """Prompt tokens per second, likewise."""
    return device.speeds[deployment.model].prefill_tokens_per_s * slowness(device, deployment)


def slowness(device: Device, deployment: Deployment) -> float:
    """What speeds are multiplied by throughout: the sustained ratio of devices said to be hot, else 1."""
    hot = device_settings(deployment).sustained
    return sustained_ratio(device.speeds[deployment.model]) if hot else 1.0


def sustained_ratio(speed: DeviceSpeed) -> float:
    """Speed of a hot device over that of a cold one; 1 where nothing is known."""
    sustained = speed.sustained_decode_tokens_per_s or speed.decode_tokens_per_s
    return min(sustained / speed.decode_tokens_per_s, 1.0)


def throttling_of(device: Device, deployment: Deployment) -> Throttling | None:
    """How a user's own device slows down; None where it does not, or it is unknown how fast.

    Prompts are taken to slow down as answers do: no other figure was seen.
    """
    settings, ratio = device_settings(deployment), sustained_ratio(device.speeds[deployment.model])
    if settings.sustained or not (settings.throttling and settings.per_user):
        return None
    if device.heating_s is None or ratio == 1.0:
        return None
    return Throttling(sustained_ratio=ratio, heating_s=device.heating_s)


def memory_bytes(device: Device) -> float:
    """Bytes that a model may take."""
    return device.memory_gb * device.usable_memory_ratio * GIGA


def memory_problems(deployment: Deployment, device: Device) -> Iterator[tuple[str, str]]:
    """A model that is too large for the machine."""
    missing = device.speeds[deployment.model].weight_gb * GIGA - memory_bytes(device)
    if missing > 0.0:
        usable = memory_bytes(device) / GIGA
        what = f"{deployment.model!r} is {missing / GIGA:.1f} GB too large for the {usable:.1f} GB"
        yield "device.device", f"{what} that {device.name!r} can give it"


def unmeasured(scenario: Scenario, deployment: Deployment, device: Device) -> Iterator[tuple[str, str]]:
    """A model without a measured speed: too large to run at all, or merely unknown."""
    architecture = scenario.catalog.model(deployment.model).architecture
    known = ", ".join(map(repr, device.speeds))
    what = f"no speed of {deployment.model!r} on {device.name!r} is known; known: {known}"
    if architecture is not None:
        need_gb = architecture.total_params_b * 0.5625
        usable_gb = memory_bytes(device) / GIGA
        if need_gb > usable_gb:
            what = (
                f"{device.name!r} is too small for {deployment.model!r}: {usable_gb:.1f} GB usable,"
                f" {need_gb:.1f} GB of weights at 4 bits; it runs: {known}"
            )
    yield "device.device", what


def context_window(scenario: Scenario, deployment: Deployment, device: Device) -> int:
    """Tokens whose KV cache fits beside the weights, at most the model's window."""
    model = scenario.catalog.model(deployment.model)
    window = deployment.context_window_tokens or model.context_window_tokens
    if model.architecture is None:
        return window
    free = memory_bytes(device) - device.speeds[deployment.model].weight_gb * GIGA
    room = int(free / kv_bytes_per_token(shape_of(model.architecture), Layout()))
    return max(min(window, room), 1)
