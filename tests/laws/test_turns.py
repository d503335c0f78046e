"""What comes and goes at random does so by its stated means: devices that are off, replicas that break."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.plan.incidents import breakdowns
from simulator.settings.faults import RandomOutage
from simulator.world.fleet.offline_devices import DeviceAvailability
from simulator.world.plan import OfflineSchedule

STEP_S = 2.0


def turns(share: float, mean_s: float, devices: int, steps: int) -> np.ndarray:
    """By device and instant whether it is off."""
    absence = OfflineSchedule(label="phone", share=share, mean_s=mean_s, from_s=(), to_s=())
    presences = DeviceAvailability(absence, 7, np.arange(devices))
    return np.array([[presences.off(device, STEP_S * k) for k in range(steps)] for device in range(devices)])


@pytest.mark.parametrize(("share", "mean_s"), [(0.3, 60.0), (0.6, 40.0)])
def test_devices_are_off_for_their_share_in_turns_of_their_length(share: float, mean_s: float) -> None:
    """Off at the beginning and ever after for the stated share, each time for the stated mean."""
    off = turns(share, mean_s, devices=300, steps=1_000)
    by_device = off.mean(axis=1)
    assert off.mean() == pytest.approx(share, abs=4.0 * by_device.std() / len(off) ** 0.5)
    assert by_device.std() / len(off) ** 0.5 < 0.02 * share
    assert off[:, 0].mean() == pytest.approx(share, abs=4.0 * (share * (1 - share) / len(off)) ** 0.5)
    ends = (off[:, :-1] & ~off[:, 1:]).sum()
    length_s = off[:, :-1].sum() * STEP_S / ends
    chance = 1.0 - np.exp(-STEP_S / mean_s)
    assert length_s == pytest.approx(STEP_S / chance, rel=4.0 / ends**0.5 + 0.03)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_turns_on_and_off_are_in_the_proportion_of_their_shares(share: float) -> None:
    """By the same draw a turn on lasts (1 - share) / share times as long as a turn off."""
    absence = OfflineSchedule(label="phone", share=share, mean_s=30.0, from_s=(), to_s=())
    presences = DeviceAvailability(absence, 7, np.arange(3))
    lengths = [[presences._length_s(2, n, is_off=is_off) for n in range(400)] for is_off in (False, True)]
    assert lengths[0] == pytest.approx([length * (1.0 - share) / share for length in lengths[1]])
    assert np.mean(lengths[1]) == pytest.approx(30.0, rel=0.2)


def test_hours_of_the_day_keep_all_devices_off_from_their_beginning_to_before_their_end() -> None:
    """An interval includes the instant at which it begins and not the one at which it ends."""
    absence = OfflineSchedule(label="phone", share=0.0, mean_s=1.0, from_s=(10.0, 50.0), to_s=(20.0, 60.0))
    presences = DeviceAvailability(absence, 7, np.arange(2))
    instants = (9.9, 10.0, 19.9, 20.0, 30.0, 50.0, 59.9, 60.0)
    assert [presences.off(1, at_s) for at_s in instants] == [
        False, True, True, False, False, True, True, False,
    ]  # fmt: skip


def test_replicas_break_after_their_mean_time_and_are_mended_in_theirs() -> None:
    """Times up and down have the stated means, and follow one another."""
    fault = RandomOutage(kind="random_outage", target="small", mtbf=100.0, mttr=20.0)
    found = list(breakdowns(fault, 3, "small", 0, 400_000.0))
    begins, lengths = np.array(found).T
    up_s = np.diff(np.concatenate([[0.0], begins])) - np.concatenate([[0.0], lengths[:-1]])
    assert (up_s > 0.0).all()
    assert begins[-1] < 400_000.0
    assert up_s.mean() == pytest.approx(100.0, rel=4.0 / len(found) ** 0.5)
    assert lengths.mean() == pytest.approx(20.0, rel=4.0 / len(found) ** 0.5)
    assert up_s.std() == pytest.approx(100.0, rel=0.1)
    assert len(found) > 2_500
    assert abs(np.corrcoef(up_s, lengths)[0, 1]) < 4.0 / len(found) ** 0.5
    other = np.array(list(breakdowns(fault, 3, "small", 1, 400_000.0)))[: len(found) // 2, 1]
    assert abs(np.corrcoef(other, lengths[: len(other)])[0, 1]) < 4.0 / len(other) ** 0.5
