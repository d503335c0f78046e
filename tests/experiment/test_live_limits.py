"""A live request narrows its stream's limits and never widens them."""

from __future__ import annotations

from itertools import product

import pytest

from simulator.plan.live import LiveConstraints, LiveFleet, tightened
from world_cases import CHAT, scenario

PLACES = (None, frozenset({"us-texas"}), frozenset({"us-virginia", "eu-netherlands"}), frozenset())


def stream_of(**limits: object):
    """The scenario's one stream."""
    return scenario(workload={"streams": [{**CHAT, **limits}]}).streams[0]


@pytest.mark.parametrize(("own", "asked"), list(product((None, ["us-virginia", "us-texas"]), PLACES)))
def test_residency_is_what_both_allow(own: list[str] | None, asked: frozenset[str] | None) -> None:
    """Regions are those that stream and request name, or the one that names any."""
    stream = stream_of(**({} if own is None else {"residency": own}))
    found = tightened(
        stream, LiveConstraints(task="support_chat", region="us-texas", residency=asked)
    ).residency
    if own is None or asked is None:
        expected = own if asked is None else sorted(asked)
    else:
        expected = [name for name in own if name in asked]
    assert found == (None if expected is None else tuple(expected))


@pytest.mark.parametrize(("own", "asked", "expected"), [(0.2, 0.5, 0.5), (0.5, 0.2, 0.5), (0.0, 0.0, 0.0)])
def test_floors_and_bans_add_up(own: float, asked: float, expected: float) -> None:
    """The higher floor counts, bans of both, and the request's own task and region."""
    stream = stream_of(capability_floor=own, banned_tiers=["edge"])
    demanded = LiveConstraints(
        task="reasoning", region="us-texas", capability_floor=asked, banned_tiers=frozenset({"cloud"})
    )
    found = tightened(stream, demanded)
    assert found.capability_floor == expected
    assert found.banned_tiers == ("cloud", "edge")
    assert (found.task, found.region) == ("reasoning", "us-texas")


def test_candidates_are_those_of_the_request_and_of_its_length() -> None:
    """Bans and prompts beyond a window leave targets out, with the reason where none is left."""
    fleet = LiveFleet(scenario())
    names = [target.name for target in fleet.targets]
    plain = LiveConstraints(task="support_chat", region="us-virginia")
    assert [names[index] for index in fleet.candidates("chat", plain, 500)[0]] == ["small", "frontier"]
    cloudless = LiveConstraints(task="support_chat", region="us-virginia", banned_tiers=frozenset({"cloud"}))
    assert [names[index] for index in fleet.candidates("chat", cloudless, 500)[0]] == ["small"]
    windows = {target.name: target.context_window_tokens for target in fleet.targets}
    for tokens in (windows["small"], windows["small"] + 1, windows["frontier"], windows["frontier"] + 1):
        left = [names[index] for index in fleet.candidates("chat", plain, tokens)[0]]
        assert left == [name for name in names if windows[name] >= tokens], tokens
    found, reason = fleet.candidates("chat", plain, max(windows.values()) + 1)
    assert found == ()
    assert reason
