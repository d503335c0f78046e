"""Heat of the users' own devices: who has just worked works more slowly.

A lumped thermal model of the first order (docs/methodology/edge.md): heat h is 0 when cold and 1
when as hot as endless work makes it, h' = (1 - h) / tau while busy and h' = -h / tau while idle;
speed falls from 1 to s as h rises, r(h) = 1 - (1 - s) h.
"""

from __future__ import annotations

from math import exp
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.world.plan import Throttling

PRECISION = 1e-12
MOST_ROUNDS = 60


def cooled(heat: float, idle_s: float, tau_s: float) -> float:
    """Heat after idling: h e^(-t / tau)."""
    return heat * exp(-idle_s / tau_s)


def heated(heat: float, busy_s: float, tau_s: float) -> float:
    """Heat after work: 1 - (1 - h) e^(-t / tau)."""
    return 1.0 - (1.0 - heat) * exp(-busy_s / tau_s)


def work_done_s(busy_s: float, heat: float, throttling: Throttling) -> float:
    """Work done in so much time, in seconds of a cold machine: the integral of the speed.

    s t + (1 - s) (1 - h) tau (1 - e^(-t / tau)), from r(t) = s + (1 - s) (1 - h) e^(-t / tau).
    """
    ratio, tau_s = throttling.sustained_ratio, throttling.heating_s
    return ratio * busy_s + (1.0 - ratio) * (1.0 - heat) * tau_s * (1.0 - exp(-busy_s / tau_s))


def busy_time_s(work_s: float, heat: float, throttling: Throttling) -> float:
    """How long work takes that would take a cold machine `work_s`: the inverse of `work_done_s`.

    Newton's steps from below; the work done is concave in time, so that none goes too far.
    """
    ratio, tau_s = throttling.sustained_ratio, throttling.heating_s
    fresh = (1.0 - ratio) * (1.0 - heat)
    time_s = work_s
    for _ in range(MOST_ROUNDS):
        missing_s = work_s - work_done_s(time_s, heat, throttling)
        if missing_s <= PRECISION * (1.0 + work_s):
            break
        time_s += missing_s / (ratio + fresh * exp(-time_s / tau_s))
    return time_s


class DeviceHeat:
    """The heat of one target's devices, known where work is submitted.

    Each device serves one attempt after the other, so that what is submitted begins when what was
    submitted before it ends. Attempts that fail, are refused or given up end sooner than that; a
    device found idle is taken to have worked up to now: its heat is then an upper bound.
    """

    def __init__(self, throttling: Throttling, count: int) -> None:
        """All devices are cold."""
        self._throttling = throttling
        self._begin_s = [0.0] * count
        self._free_s = [0.0] * count
        self._heat = [0.0] * count

    def taken(
        self, device: int, ready_s: float, first_s: float, total_s: float, *, idle: bool
    ) -> tuple[float, float]:
        """Seconds to the first token and to the last of work that a cold device does in so many.

        The work stands in the device's line from `ready_s` on; `idle` devices have none other.
        """
        if idle and self._free_s[device] > ready_s:
            self._free_s[device] = max(ready_s, self._begin_s[device])
        begin_s = max(ready_s, self._free_s[device])
        heat = self._heat_at(device, begin_s)
        first_s = busy_time_s(first_s, heat, self._throttling)
        total_s = busy_time_s(total_s, heat, self._throttling)
        self._begin_s[device], self._free_s[device] = begin_s, begin_s + total_s
        self._heat[device] = heat
        return first_s, total_s

    def _heat_at(self, device: int, at_s: float) -> float:
        """Heat after the work last submitted and the idle time since."""
        tau_s = self._throttling.heating_s
        free_s = self._free_s[device]
        after = heated(self._heat[device], free_s - self._begin_s[device], tau_s)
        return cooled(after, at_s - free_s, tau_s)
