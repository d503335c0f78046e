"""Room that is kept back on the disk."""

from typing import NamedTuple

import pytest

from wayfare.storage import reserve
from wayfare.storage.reserve import MOST_BYTES, PARTS, SHARE, TIMES, DiskReserve


class Usage(NamedTuple):
    """What a disk has, bytes."""

    total: int
    used: int
    free: int


@pytest.fixture
def disk(monkeypatch):
    """A disk of so many bytes, of which so many are free."""
    state = {"total": 160_000, "free": 160_000}
    monkeypatch.setattr(reserve.shutil, "disk_usage", lambda _path: Usage(state["total"], 0, state["free"]))
    return state


def test_a_share_of_a_small_disk_is_kept_back(tmp_path, disk):
    """All parts together are a sixteenth of the disk, and come back one by one."""
    kept = DiskReserve(tmp_path)
    kept.ensure()
    sizes = [file.stat().st_size for file in tmp_path.iterdir()]
    assert sizes == [disk["total"] // SHARE // PARTS] * PARTS
    assert [kept.release() for _ in range(PARTS + 1)] == [True] * PARTS + [False]
    assert list(tmp_path.iterdir()) == []


def test_a_large_disk_keeps_no_more_than_it_needs(tmp_path, disk):
    """However large the disk, the reserve has its most bytes."""
    disk["total"] = disk["free"] = 10**15
    DiskReserve(tmp_path).ensure()
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) == MOST_BYTES


@pytest.mark.parametrize(("free", "has_room"), [(TIMES * 10_000, True), (TIMES * 10_000 - 1, False)])
def test_new_work_waits_for_room(tmp_path, disk, free, has_room):
    """Room for new work is three times the reserve; below that nothing is kept back either."""
    kept = DiskReserve(tmp_path)
    disk["free"] = free
    assert kept.has_room() is has_room
    kept.ensure()
    assert bool(list(tmp_path.iterdir())) is has_room
