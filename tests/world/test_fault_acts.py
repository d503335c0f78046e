"""What each kind of fault calls at its beginning and at its end, and what it tells."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from simulator.world.clock import Clock
from simulator.world.fleet.faults import IncidentRunner
from simulator.world.plan import Incident


def incident(kind: str, **changes: object) -> Incident:
    """From 10 s on for 5 s."""
    words = {"begins": "it begins", "ends": "it ends", "notice": "it is coming"}
    return Incident(**{"kind": kind, "label": "here", "at_s": 10.0, "duration_s": 5.0, **words, **changes})


def acts(*incidents: Incident) -> tuple[list[tuple[object, ...]], list[tuple[float, str]]]:
    """What faults call, in order, the instant first; and what they tell."""
    clock, told, calls = Clock(), [], []

    class Called:
        def __getattr__(self, name: str) -> object:
            return lambda *given: calls.append((clock.now, name, *given))

    IncidentRunner(SimpleNamespace(incidents=incidents), Called(), clock, Called(), Called(), told)
    clock.run(100.0)
    assert {(event.kind, event.target) for event in told} == {(one.kind, "here") for one in incidents}
    return calls, [(event.t_s, event.what) for event in told]


@pytest.mark.parametrize(
    ("made", "begins", "ends"),
    [
        (incident("outage", queues=(1, 4)), [("fail", 1), ("fail", 4)], [("mend", 1), ("mend", 4)]),
        (incident("random_outage", queues=(2,)), [("fail", 2)], [("mend", 2)]),
        (incident("maintenance", queues=(2,)), [("fail", 2)], [("mend", 2)]),
        (incident("spot_loss", queues=(3,)), [("take_away", 3)], [("give_back", 3)]),
        (
            incident("brown_out", queues=(1,), targets=(7,), factor=4.0, failure_ratio=0.2),
            [("slow", 1, 4.0), ("begin_errors", 7, 0.2)],
            [("slow", 1, 0.25), ("end_errors", 7, 0.2)],
        ),
        (incident("slow_replica", queues=(1, 2), factor=2.0), [("slow", 1, 2.0), ("slow", 2, 2.0)], None),
        (
            incident("error_rate", queues=(1,), targets=(0,), failure_ratio=0.5),
            [("begin_errors", 0, 0.5)],
            [("end_errors", 0, 0.5)],
        ),
        (
            incident("partition", ways=((0, 2), (1, 2)), timeout_s=9.0),
            [("cut", 0, 2, 9.0), ("cut", 1, 2, 9.0)],
            [("join", 0, 2, 9.0), ("join", 1, 2, 9.0)],
        ),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)
def test_each_kind_of_fault_does_its_own_and_undoes_it(
    made: Incident, begins: list[tuple[object, ...]], ends: list[tuple[object, ...]] | None
) -> None:
    """At its beginning and at its end; nothing more, and both are told."""
    undone = ends or [("slow", 1, 0.5), ("slow", 2, 0.5)]
    calls, told = acts(made)
    assert calls == [(10.0, *call) for call in begins] + [(15.0, *call) for call in undone]
    assert told == [(10.0, "it begins"), (15.0, "it ends")]


def test_a_storm_scales_limits_and_back() -> None:
    """By the factor, and by its inverse."""
    calls, _told = acts(incident("rate_limit_storm", targets=(3,), factor=0.25))
    assert calls == [(10.0, "scale_limits", 3, 10.0, 0.25), (15.0, "scale_limits", 3, 15.0, 4.0)]


@pytest.mark.parametrize(
    ("kind", "does", "undoes"), [("spot_loss", "take_away", "give_back"), ("maintenance", "fail", "mend")]
)
def test_a_notice_closes_queues_before_and_opens_them_after(kind: str, does: str, undoes: str) -> None:
    """Given at 10 s, it begins at 13 s and lasts up to 18 s."""
    calls, told = acts(incident(kind, queues=(1, 2), notice_s=3.0))
    names = (("close", 10.0), (does, 13.0), (undoes, 18.0), ("reopen", 18.0))
    assert calls == [(at_s, name, queue) for name, at_s in names for queue in (1, 2)]
    assert told == [(10.0, "it is coming"), (13.0, "it begins"), (18.0, "it ends")]
