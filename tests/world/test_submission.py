"""How attempts leave for the kernel: each argument of the door, and what faults change about it."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from simulator.kernel.codes import NO_SLOT, NONE, RANDOM, ROUND_ROBIN, Reason
from simulator.streams import keyed_uniform_scalar
from simulator.world.fleet.heat import DeviceHeat, busy_time_s, heated
from simulator.world.plan import Metering, OverloadCurve, TargetPlan, Throttling, Timings
from simulator.world.requests.submission import Submission, heat_of
from simulator.world.requests.verification import Verification

SEED, COUNT = 11, 40
DOOR = (
    *("group", "queue", "request", "prompt", "output", "now_s", "ready_s", "back_s", "first_s", "duration_s"),
    *("priority", "notify", "reason", "chance"),
)
KEYS = 1000 + 7 * np.arange(COUNT)
STREAMS = np.where(np.arange(COUNT) % 2 == 0, 0, 1)
SERVER_ERROR, CONNECTION = int(Reason.SERVER_ERROR), int(Reason.CONNECTION)
TIMES = Timings(first_s=0.5 + np.arange(COUNT) / 8.0, gap_s=0.01 * (1.0 + np.arange(COUNT)), redraw=False)


class Sent:
    """A kernel that hands out numbers and keeps what was sent; full as often as is said."""

    def __init__(self, full: int = 0) -> None:
        """Two targets, nothing under way."""
        self.door, self.ways_made, self._full = "door", 0, full
        self.calls: list[dict[str, object]] = []
        self.groups = np.zeros(2, [("running", np.int64)])
        self.queues = np.zeros(12, [("outstanding", np.int64)])
        self.doors = SimpleNamespace(submit=self._submit)

    def _submit(self, door: object, *given: object) -> int:
        """Keeps an attempt, or has no room for it."""
        assert door == "door"
        if self._full:
            self._full -= 1
            return NO_SLOT
        self.calls.append(dict(zip(DOOR, given, strict=True)))
        return 70 + len(self.calls)

    def make_way(self) -> None:
        """Room for one more."""
        self.ways_made += 1


def target(**changes: object) -> TargetPlan:
    """A target whose ways take 0.1 s there and 0.3 s back, or 0.2 s and 0.4 s from the second region."""
    ways = {"forward_s": np.array([0.1, 0.2]), "back_s": np.array([0.3, 0.4])}
    return TargetPlan(**{"model": 1, **ways, **changes})


def submission(*targets: TargetPlan, balancing: int = ROUND_ROBIN, full: int = 0) -> tuple[Submission, Sent]:
    """A submission of requests with columns that differ in every row."""
    rows = np.arange(COUNT)
    workload = SimpleNamespace(
        key=KEYS,
        stream_code=STREAMS,
        stream_names=("even", "odd"),
        input_token_count=100 + rows,
        region_code=rows % 2,
        device=3 * rows,
        priority=rows % 5,
        session=rows,
        history_token_count=np.where(rows > 20, 130, -1),
        prefix_offset=np.zeros(COUNT + 1, np.int64),
        prefix_block=np.zeros(0, np.int64),
        prefix_tokens=np.zeros(0, np.int64),
        window_output_token_count=np.full(COUNT, 50),
    )
    plan = SimpleNamespace(
        seed=SEED,
        workload=workload,
        repeats_prefix=np.ones(COUNT, np.bool_),
        targets=[SimpleNamespace(name=f"target {number}") for number in range(len(targets))],
        groups=[SimpleNamespace(balancing=balancing)] * len(targets),
        target_plans=targets,
        answers=SimpleNamespace(output_token_count=np.stack([10 + rows, 20 + 2 * rows])),
    )
    kernel = Sent(full)
    journal = SimpleNamespace(attempt_kinds=bytearray(), cached_token_count={})
    return Submission(plan, kernel, journal), kernel


def test_a_plain_attempt_is_sent_as_it_is() -> None:
    """No service times, no failures: the way there and back, the prompt, the model's answer."""
    sent, kernel = submission(target(), target(model=0))
    sent.delay_s = 0.05
    assert sent.submit(3, 1, 2, 0, 4.0) == 71
    assert kernel.calls == [
        {
            "group": 1,
            "queue": NONE,
            "request": 3,
            "prompt": 103,
            "output": 13,
            "now_s": 4.0,
            "ready_s": 4.0 + 0.05 + 0.2,
            "back_s": 0.4,
            "first_s": 0.0,
            "duration_s": 0.0,
            "priority": 3,
            "notify": 0,
            "reason": 0,
            "chance": NONE,
        }
    ]
    sent.submit(4, 0, 0, 0, 5.0)
    assert (kernel.calls[1]["output"], kernel.calls[1]["back_s"]) == (28, 0.3)
    assert kernel.calls[1]["ready_s"] == pytest.approx(5.15)
    assert sent._kinds == bytearray([2, 0])


def test_a_full_kernel_makes_way_and_is_asked_again() -> None:
    """The attempt is counted once, and sent with the same arguments."""
    sent, kernel = submission(target(), full=2)
    assert sent.submit(3, 0, 4, 1, 4.0) == 71
    assert (kernel.ways_made, len(kernel.calls), sent._kinds) == (2, 1, bytearray([4]))
    assert (kernel.calls[0]["now_s"], kernel.calls[0]["request"]) == (4.0, 3)


def test_service_times_are_the_requests_own() -> None:
    """First token, and a gap for every token after it; at a queue that the target chooses."""
    sent, kernel = submission(target(timings=TIMES))
    for tries in (0, 3):
        sent.submit(6, 0, 0, tries, 1.0)
        call = kernel.calls[-1]
        assert call["first_s"] == 0.5 + 6 / 8
        assert call["duration_s"] == pytest.approx(1.25 + (20 + 12 - 1) * 0.07)
        assert (call["queue"], call["reason"], call["chance"]) == (NONE, 0, NONE)


@pytest.mark.parametrize("request_number", [6, 9])
def test_repeated_tries_draw_their_service_times_anew_by_key(request_number: int) -> None:
    """From the rows of the same stream, another for each try, the first try from its own."""
    times = Timings(first_s=TIMES.first_s, gap_s=TIMES.gap_s, redraw=True)
    sent, kernel = submission(target(), target(timings=times))
    rows = np.flatnonzero(STREAMS[request_number] == STREAMS)
    for tries in range(6):
        sent.submit(request_number, 1, 0, tries, 1.0)
        draw = keyed_uniform_scalar(SEED, "service again/target 1", int(KEYS[request_number]), tries)
        row = rows[int(draw * len(rows))] if tries else request_number
        assert kernel.calls[-1]["first_s"] == TIMES.first_s[row]
    assert len({call["first_s"] for call in kernel.calls}) > 2


def test_crowded_calls_take_longer_by_who_runs() -> None:
    """Both times by the factor of what runs at the target itself."""
    times = Timings(
        first_s=TIMES.first_s,
        gap_s=TIMES.gap_s,
        redraw=False,
        crowding=OverloadCurve(places=4, from_ratio=0.5, slowdown=3.0),
    )
    sent, kernel = submission(target(timings=times), target())
    kernel.groups["running"] = 3, 99
    sent.submit(0, 0, 0, 0, 0.0)
    assert kernel.calls[-1]["first_s"] == pytest.approx(0.5 * 2.0)
    assert kernel.calls[-1]["duration_s"] == pytest.approx((0.5 + 19 * 0.01) * 2.0)


def test_own_devices_are_numbered_within_their_target() -> None:
    """Device 9 of request 3 is the second of four, after the five queues of others."""
    sent, kernel = submission(target(timings=TIMES, own_device=True, queue_count=4, first_queue=5))
    sent.submit(3, 0, 0, 0, 0.0)
    assert kernel.calls[-1]["queue"] == 5 + 9 % 4


def test_hot_devices_take_longer() -> None:
    """By the heat of what was submitted to the same device before, idle or not as the queue is."""
    throttling = Throttling(sustained_ratio=0.5, heating_s=10.0)
    times = Timings(
        first_s=np.full(COUNT, 1.0), gap_s=np.full(COUNT, 0.5), redraw=False, throttling=throttling
    )
    own = target(timings=times, own_device=True, queue_count=4, first_queue=5)
    sent, kernel = submission(own)
    for busy in (1, 0):
        twin = DeviceHeat(throttling, 4)
        sent, kernel = submission(own)
        for now_s in (2.0, 3.0):
            kernel.queues["outstanding"][5 + 1] = busy
            expected = twin.taken(1, now_s + 0.2, 1.0, 1.0 + 0.5 * 25, idle=not busy)
            sent.submit(3, 0, 0, 0, now_s)
            assert (kernel.calls[-1]["first_s"], kernel.calls[-1]["duration_s"]) == expected
    assert heat_of(target(timings=times)) is None
    assert heat_of(target(timings=TIMES, own_device=True)) is None
    assert heat_of(target()) is None
    found = heat_of(own)
    assert found is not None
    assert found.taken(3, 0.0, 1.0, 2.0, idle=True)[1] == busy_time_s(2.0, 0.0, throttling)


def test_heat_of_a_device_is_that_of_its_line() -> None:
    """Work begins when what stands before it ends; an idle device has worked up to now at most."""
    throttling = Throttling(sustained_ratio=0.5, heating_s=10.0)
    heat = DeviceHeat(throttling, 2)
    first_s = heat.taken(1, 5.0, 1.0, 8.0, idle=True)[1]
    assert first_s == busy_time_s(8.0, 0.0, throttling)
    warm = heated(0.0, first_s, 10.0)
    second = heat.taken(1, 6.0, 1.0, 8.0, idle=False)
    assert second == (busy_time_s(1.0, warm, throttling), busy_time_s(8.0, warm, throttling))
    begun_s = 5.0 + first_s
    third_s = heat.taken(1, begun_s + 2.0, 1.0, 8.0, idle=True)[1]
    assert third_s == pytest.approx(busy_time_s(8.0, heated(warm, 2.0, 10.0), throttling))
    never_begun = DeviceHeat(throttling, 1)
    never_begun.taken(0, 0.0, 1.0, 8.0, idle=True)
    never_begun.taken(0, 1.0, 1.0, 8.0, idle=False)
    later_s = never_begun.taken(0, 2.0, 1.0, 8.0, idle=True)[1]
    assert later_s == busy_time_s(8.0, warm, throttling)
    assert heat.taken(0, 7.0, 1.0, 8.0, idle=True)[1] == busy_time_s(8.0, 0.0, throttling)


@pytest.mark.parametrize(("already", "more"), [(0.0, 0.5), (0.4, 0.5), (0.4, 0.0)])
def test_failures_are_drawn_by_key_and_causes_are_independent(already: float, more: float) -> None:
    """One minus the product of what each cause leaves; over when they end."""
    sent, kernel = submission(target(), target(failure_ratio=already))
    joint = 1.0 - (1.0 - already) * (1.0 - more)
    failed = []
    for ratio in (already, joint, already):
        if ratio == joint:
            sent.begin_errors(1, more)
        for request in range(COUNT):
            sent.submit(request, 1, 0, 2, 0.0)
            draw = keyed_uniform_scalar(SEED, "failure/target 1", int(KEYS[request]), 2)
            assert kernel.calls[-1]["reason"] == (SERVER_ERROR if draw < ratio else 0)
            assert (kernel.calls[-1]["first_s"], kernel.calls[-1]["duration_s"]) == (0.0, 0.0)
            failed.append(draw < ratio)
        if ratio == joint:
            sent.end_errors(1, more)
    assert sum(failed) > 0
    sent.submit(0, 0, 0, 0, 0.0)
    assert kernel.calls[-1]["reason"] == 0


def test_cut_ways_fail_after_the_longest_timeout() -> None:
    """Only from that region to that target, and until every cut is joined."""
    sent, kernel = submission(target(timings=TIMES), target())
    sent.delay_s = 0.5

    def ends(request: int, number: int) -> tuple[object, ...]:
        sent.submit(request, number, 0, 0, 10.0)
        names = ("ready_s", "back_s", "first_s", "duration_s", "queue", "reason")
        return tuple(kernel.calls[-1][name] for name in names)

    whole = ends(1, 1)
    assert whole == (10.0 + 0.5 + 0.2, 0.4, 0.0, 0.0, NONE, 0)
    sent.cut(1, 1, 9.0)
    sent.cut(1, 1, 4.0)
    assert ends(1, 1) == (19.5, 0.0, 0.0, 0.0, NONE, CONNECTION)
    assert ends(2, 1) == (10.0 + 0.5 + 0.1, 0.3, 0.0, 0.0, NONE, 0)
    assert ends(1, 0)[5] == 0
    sent.join(1, 1, 9.0)
    assert ends(1, 1) == (14.5, 0.0, 0.0, 0.0, NONE, CONNECTION)
    sent.join(1, 1, 4.0)
    assert ends(1, 1) == whole


def test_replicas_are_picked_at_random_by_key() -> None:
    """Where the target balances so: a whole number of 2^52, another for each try."""
    sent, kernel = submission(target(), target(), balancing=RANDOM)
    for tries in (0, 1):
        sent.submit(8, 1, 0, tries, 0.0)
        draw = keyed_uniform_scalar(SEED, "balancing/target 1", int(KEYS[8]), tries)
        assert kernel.calls[-1]["chance"] == int(draw * 2**52)


def test_metered_attempts_send_what_counts_and_keep_what_was_cached() -> None:
    """Tokens toward the limit instead of the prompt; the cached ones by the attempt's number."""
    rules = Metering(lifetime_s=60.0, counts_cached=False, output_weight=2.0)
    metered = target(timings=TIMES, metering=rules)
    sent, kernel = submission(metered)
    sent.submit(30, 0, 0, 0, 0.0)
    assert kernel.calls[-1]["prompt"] == 130 + 2 * 80
    assert sent._cached == {}
    sent.meters[0].answered(30, 0.0)
    sent.submit(30, 0, 1, 1, 59.8)
    assert kernel.calls[-1]["prompt"] == 160
    assert sent._cached == {1: 130}
    sent.submit(30, 0, 1, 1, 59.95)
    assert kernel.calls[-1]["prompt"] == 290


def test_what_does_not_fit_the_window_is_refused_for_that() -> None:
    """Rather than for an error that was drawn for it."""
    small = target(timings=TIMES, metering=Metering(window_tokens=160), failure_ratio=1.0)
    sent, kernel = submission(small)
    for request, reason in ((10, SERVER_ERROR), (11, int(Reason.CONTEXT_LENGTH))):
        sent.submit(request, 0, 0, 0, 0.0)
        assert kernel.calls[-1]["reason"] == reason


@pytest.mark.parametrize("model", [0, 1])
def test_verdicts_are_the_truth_flipped_by_key(model: int) -> None:
    """Right answers are refused, and wrong ones accepted, at the verifier's own rates."""
    correct = np.stack([np.arange(COUNT) % 3 == 0, np.arange(COUNT) % 3 > 0])
    plan = SimpleNamespace(
        seed=SEED,
        answers=SimpleNamespace(correct=correct),
        target_plans=[target(), target(model=model)],
        workload=SimpleNamespace(key=KEYS),
        model_names=("weak", "strong"),
    )
    verifier = SimpleNamespace(false_accept_ratio=0.3, false_reject_ratio=0.6)
    verification = Verification(plan)
    verdicts = [verification.accepts(request, 1, verifier) for request in range(COUNT)]
    name = ("verifier/weak", "verifier/strong")[model]
    draws = [keyed_uniform_scalar(SEED, name, int(key)) for key in KEYS]
    right = [draw >= 0.6 if good else draw < 0.3 for draw, good in zip(draws, correct[model], strict=True)]
    assert verdicts == right
