"""How much memory this process may still take."""

from __future__ import annotations

from math import inf
from pathlib import Path

MEMINFO = Path("/proc/meminfo")
OWN_GROUP = Path("/proc/self/cgroup")
GROUPS = Path("/sys/fs/cgroup")
LIMITS = (("memory.max", "memory.current"), ("memory.limit_in_bytes", "memory.usage_in_bytes"))
"""Files of a control group's limit and use: version 2, version 1."""
KIB = 1024


def free_bytes() -> float:
    """Bytes that the machine has free and the process's control group may still take.

    Infinite where the system does not say, which only Linux does.
    """
    return min(machine_free_bytes(MEMINFO), *(group_free_bytes(folder) for folder in group_folders()))


def machine_free_bytes(meminfo: Path) -> float:
    """What `MemAvailable` says: free, or in caches that can be dropped."""
    for line in lines_of(meminfo):
        name, _, amount = line.partition(":")
        if name == "MemAvailable" and amount.split():
            return float(amount.split()[0]) * KIB
    return inf


def group_folders() -> list[Path]:
    """The folders that may hold the limits of the process's control group; containers see theirs on top."""
    own = [GROUPS / "memory", GROUPS]
    for line in lines_of(OWN_GROUP):
        _number, controllers, below = [*line.split(":", 2), "", ""][:3]
        top = GROUPS / controllers if controllers == "memory" else GROUPS
        own.append(top / below.lstrip("/"))
    return own


def group_free_bytes(folder: Path) -> float:
    """What a control group's limit leaves; infinite where it has none."""
    for limit, use in LIMITS:
        most, held = (next(iter(lines_of(folder / name)), "") for name in (limit, use))
        if most.isdigit() and held.isdigit():
            return max(float(most) - float(held), 0.0)
    return inf


def lines_of(file: Path) -> list[str]:
    """A file's lines; none where it cannot be read."""
    try:
        return file.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return []
