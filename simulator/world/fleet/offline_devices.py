"""Which users' devices cannot answer now: off at random by key, or at hours of the day."""

from __future__ import annotations

from bisect import bisect_right
from math import log
from typing import TYPE_CHECKING

from simulator.streams import keyed_uniform_scalar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from simulator.world.plan import OfflineSchedule, RunPlan

ALL_DEVICES_OFFLINE = "no target permitted: device_offline"


class DeviceAvailability:
    """Whether each device behind one target is on, asked at instants that never decrease.

    On and off times are exponential in turn, from the equilibrium on, drawn by (device, number):
    the same under every policy, whatever other streams' users have.
    """

    def __init__(self, absence: OfflineSchedule, seed: int, keys: NDArray[np.int64]) -> None:
        """Nobody has been asked yet; `keys` are the devices' own, by number."""
        self._absence = absence
        self._keys = keys.tolist()
        self._seed = seed
        self._stream = f"offline of {absence.label}"
        self._states: dict[int, tuple[bool, float, int]] = {}

    def off(self, device: int, now_s: float) -> bool:
        """Whether the device cannot answer at `now_s`."""
        return self._off_by_hour(now_s) or (self._absence.share > 0.0 and self._off_by_chance(device, now_s))

    def _off_by_hour(self, now_s: float) -> bool:
        """Whether an interval of the day keeps all of them off."""
        place = bisect_right(self._absence.from_s, now_s) - 1
        return place >= 0 and now_s < self._absence.to_s[place]

    def _off_by_chance(self, device: int, now_s: float) -> bool:
        """The device's own turn at `now_s`."""
        is_off, until_s, number = self._states.get(device) or self._first(device)
        while until_s <= now_s:
            is_off, number = not is_off, number + 1
            until_s += self._length_s(device, number, is_off=is_off)
        self._states[device] = (is_off, until_s, number)
        return is_off

    def _first(self, device: int) -> tuple[bool, float, int]:
        """State at time 0, and how long it still lasts."""
        draw = keyed_uniform_scalar(self._seed, self._stream, self._keys[device], 0)
        is_off = draw < self._absence.share
        return is_off, self._length_s(device, 1, is_off=is_off), 1

    def _length_s(self, device: int, number: int, *, is_off: bool) -> float:
        """Length of the device's turn of that number: -mean ln u."""
        off_s, share = self._absence.mean_s, self._absence.share
        mean_s = off_s if is_off else off_s * (1.0 - share) / share
        return -mean_s * log(keyed_uniform_scalar(self._seed, self._stream, self._keys[device], number))


class OfflineDevices:
    """Takes targets whose device is off out of a request's candidates, and counts how often.

    `asked` and `missed` count, by target, requests that might have gone to their own device, and
    those of them whose device was off, from the end of the warm-up on.
    """

    def __init__(self, plan: RunPlan) -> None:
        """Looks at the plan's targets; `any` says whether some device is ever off."""
        targets = enumerate(plan.target_plans)
        absences = {index: entry.absence for index, entry in targets if entry.absence is not None}
        self._presences = {
            index: DeviceAvailability(absence, plan.seed, plan.workload.device_key)
            for index, absence in absences.items()
        }
        self._counts = [entry.queue_count for entry in plan.target_plans]
        self._device = memoryview(plan.workload.device)
        self._warmup_s = plan.warmup_s
        self.asked = dict.fromkeys(absences, 0)
        self.missed = dict.fromkeys(absences, 0)
        self.any = bool(absences)

    def left(self, request: int, candidates: tuple[int, ...], now_s: float) -> tuple[int, ...]:
        """The candidates whose device, if it is one's own, is on."""
        own = [index for index in self._presences if index in candidates]
        off = [index for index in own if self._is_off(index, request, now_s)]
        return tuple(index for index in candidates if index not in off) if off else candidates

    def _is_off(self, index: int, request: int, now_s: float) -> bool:
        """Whether the request's own device behind the target is off; counted."""
        is_off = self._presences[index].off(self._device[request] % self._counts[index], now_s)
        if now_s >= self._warmup_s:
            self.asked[index] += 1
            self.missed[index] += is_off
        return is_off
