"""Facts, decisions and outcomes through the wire's messages and back."""

from dataclasses import fields, replace
from math import nan
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router import (
    CarbonForecast,
    Decision,
    Feedback,
    InvalidDecisionError,
    Outcome,
    RequestView,
    SuccessCurve,
    Target,
    Verifier,
)
from router.testing.samples import sample_targets
from router.views.stated import StatedRequest
from wayfare.convert.decision import (
    decision_message,
    facts_message,
    feedback_message,
    outcome_message,
    stated_decision,
    stated_feedback,
    stated_outcome,
    stated_request,
    stated_target,
    target_message,
)
from wayfare.v1 import decision_pb2

NAMES = st.text(min_size=1, max_size=12)
SECONDS = st.floats(0, 1e9)
RATIOS = st.floats(0, 1)
COUNTS = st.integers(0, 2**31 - 1)
UNKNOWN = st.one_of(st.just(nan), st.floats(-50, 50))
LISTS = st.lists(NAMES, min_size=1, max_size=4, unique=True).map(tuple)
VERIFIERS = st.builds(
    Verifier, false_accept_ratio=RATIOS, false_reject_ratio=RATIOS, latency_s=SECONDS, cost_usd=SECONDS
)
DECISIONS = st.one_of(
    st.builds(lambda t, r, f: Decision.send(t, reason=r, fallbacks=f), NAMES, NAMES, LISTS),
    st.builds(lambda t, v, r: Decision.cascade(t, verifier=v, reason=r), LISTS, VERIFIERS, NAMES),
    st.builds(lambda t, a, r: Decision.hedge(t, t + "'", after_s=a, reason=r), NAMES, SECONDS, NAMES),
    st.builds(lambda t, r: Decision.race(t, reason=r), LISTS, NAMES),
    st.builds(lambda u, r: Decision.defer(u, reason=r), SECONDS, NAMES),
    st.builds(lambda r: Decision.reject(reason=r), NAMES),
)
REQUESTS = st.builds(
    StatedRequest, index=COUNTS, now_s=SECONDS, task=NAMES, tenant=NAMES, region=NAMES,
    prompt_token_count=COUNTS, max_output_token_count=COUNTS, estimated_difficulty=UNKNOWN,
    router_score=UNKNOWN, session=st.integers(-1, 2**40), turn=st.integers(0, 99), ttft_limit_s=UNKNOWN,
    e2e_limit_s=UNKNOWN, stream=NAMES, query=NAMES, deferrable_until_s=UNKNOWN,
    prefix_blocks=st.lists(st.integers(-(2**63), 2**63 - 1), max_size=4).map(tuple),
    history_token_count=COUNTS,
)  # fmt: skip
OUTCOMES = st.builds(
    Outcome, request_index=COUNTS, target=NAMES, finished_s=SECONDS, completed=st.booleans(), reason=NAMES,
    ttft_s=UNKNOWN, e2e_s=UNKNOWN, output_token_count=COUNTS, started_s=UNKNOWN, prompt_token_count=COUNTS,
)  # fmt: skip


FEEDBACK = st.builds(Feedback, request_index=COUNTS, target=NAMES, received_s=SECONDS, correct=st.booleans())


def shown(request):
    """Everything a view shows, comparable though some of it is unknown."""
    names = [name for name, found in vars(RequestView).items() if isinstance(found, property)]
    return {name: repr(getattr(request, name)) for name in names}


@settings(deadline=None)
@given(DECISIONS)
def test_decisions_travel_whole(decision):
    """A decision comes back as it went."""
    assert stated_decision(decision_message(decision)) == decision


@settings(deadline=None)
@given(REQUESTS)
def test_all_that_a_view_shows_travels(request):
    """Every property of a request's view comes back as it went, unknown ones unknown."""
    found = stated_request(facts_message(request), request.index, request.now_s)
    assert shown(found) == shown(request)


def test_a_stated_request_states_what_a_view_shows():
    """A fact that views come to show cannot be forgotten by those that are stated; what a log chose is
    shown to replays alone, which run where the log is.
    """
    views = {name for name, found in vars(RequestView).items() if isinstance(found, property)}
    assert set(StatedRequest.__slots__) == views - {"recorded_names", "recorded_target"}


LEARNT = replace(
    sample_targets()[1],
    stream_output_tokens=MappingProxyType({"desk": 312.5}),
    success_curves=MappingProxyType({"desk": SuccessCurve(difficulties=(-1.0, 2.0), success=(0.9, 0.2))}),
)


BOUGHT = replace(
    sample_targets()[3],
    cached_input_price_usd_per_mtok=0.0,
    provider="openai",
    weight=0.0,
    requests_per_minute=500.0,
    tokens_per_minute=3e4,
)
METERED = replace(
    sample_targets()[2],
    energy_j_per_input_token=0.0,
    energy_j_per_output_token=2.5,
    carbon=CarbonForecast(step_s=900.0, gco2e_per_kwh=(400.0, 0.0)),
)


@pytest.mark.parametrize("target", [*sample_targets(), LEARNT, BOUGHT, METERED])
def test_targets_travel_whole(target):
    """Every field of a target comes back as it went."""
    found = stated_target(target_message(target), target.index)
    assert {field.name: getattr(found, field.name) for field in fields(Target)} == {
        field.name: getattr(target, field.name) for field in fields(Target)
    }


@settings(deadline=None)
@given(FEEDBACK)
def test_feedback_travels_whole(feedback):
    """What became known of an answer comes back as it went."""
    assert stated_feedback(feedback_message(feedback)) == feedback


@settings(deadline=None)
@given(OUTCOMES)
def test_outcomes_travel_whole(outcome):
    """An outcome comes back as it went, undefined times undefined."""
    found = stated_outcome(outcome_message(outcome))
    assert repr(found) == repr(outcome)


def test_what_states_nothing_is_refused():
    """A decision without an action, and a target without a tier, are none."""
    with pytest.raises(InvalidDecisionError, match="without an action, reason 'why'"):
        stated_decision(decision_pb2.Decision(reason="why"))
    with pytest.raises(InvalidDecisionError, match="expected a Decision, got 3"):
        decision_message(3)
    with pytest.raises(ValueError, match="tier 'moon' of 'x' is not one of edge"):
        stated_target(decision_pb2.TargetFacts(name="x", tier="moon"), 0)
