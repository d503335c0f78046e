"""Time in lines and on the way of a request: sums over the attempts that followed one another."""

from __future__ import annotations

import math

ROUNDING_S = 1e-9


def path_times(tries, won):
    """Seconds in lines and on the network; of attempts under way at once the winner's, or the last's."""
    kept = [on_path(stage, won) for stage in stages(tries)]
    return {"queue_s": math.fsum(map(queue_s, kept)), "network_s": math.fsum(map(network_s, kept))}


def stages(tries):
    """Attempts in groups: a new group begins with one that was sent when all before were over."""
    groups, over_s = [], math.inf
    for row in sorted(tries, key=lambda row: row["started_s"]):
        if groups and row["started_s"] < over_s - ROUNDING_S:
            groups[-1].append(row)
            over_s = max(over_s, row["over_s"])
        else:
            groups.append([row])
            over_s = row["over_s"] if len(groups) == 1 else max(over_s, row["over_s"])
    return groups


def on_path(stage, won):
    """The one of a group that the request waited for."""
    if any(row["attempt"] == won["attempt"] for row in stage):
        return won
    return max(stage, key=lambda row: row["over_s"])


def queue_s(row):
    """Until work began, or the attempt ended without."""
    until_s = row["finished_s"] if math.isnan(row["admitted_s"]) else row["admitted_s"]
    return max(until_s - row["ready_s"], 0.0)


def network_s(row):
    """There and back; only there where nobody waited for its end."""
    return row["back_s"] * (2.0 if row["state"] in ("completed", "failed") else 1.0)
