"""Continuous batching one step at a time: plain lists, one event per engine step.

Written from `docs/methodology/batching.md` and independent of the kernel's code, which the tests
hold to it. Nothing is clever here: no leaps, no meters, no linked lists; every sequence is
charged for every step it takes part in.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING

from oracle.cache import PrefixCache
from oracle.host import HostLine
from simulator.kernel import StepCost
from simulator.kernel.codes import Ending, Reason

if TYPE_CHECKING:
    from collections.abc import Callable

    from oracle.attempt import Attempt
    from simulator.kernel import BatchingSpec

    Schedule = Callable[[float, Callable[[float], None]], None]
    HandOver = Callable[[float, "Attempt"], None]


@dataclass(slots=True, kw_only=True, eq=False)
class Step:
    """One engine step: who decodes, who computes how many prompt tokens, when it began."""

    start_s: float
    decoding: list[Attempt]
    width: int = 1
    chunks: dict[int, int] = field(default_factory=dict)
    prefilling: list[Attempt] = field(default_factory=list)

    def add_chunk(self, attempt: Attempt, tokens: int) -> None:
        """Plans prompt tokens of a sequence into this step."""
        self.prefilling.append(attempt)
        self.chunks[attempt.number] = tokens

    @property
    def chunk_tokens(self) -> int:
        """All prompt tokens of the step."""
        return sum(self.chunks.values())

    @property
    def head_count(self) -> int:
        """Sequences that share the step."""
        return len(self.decoding) + len(self.prefilling)

    def pairs(self, attempt: Attempt) -> float:
        """Query-key pairs of one chunk: p c + p^2 / 2."""
        chunk = self.chunks[attempt.number]
        return chunk * attempt.computed + chunk**2 / 2

    def shared_cost(self, cost: StepCost, miss: float) -> float:
        """What the step costs however its tokens are spread: base + expert (1 - miss^(B+p))."""
        return cost.base + cost.expert * (1 - miss ** (len(self.decoding) * self.width + self.chunk_tokens))

    def decode_cost(self, cost: StepCost, attempt: Attempt) -> float:
        """What one decoding sequence adds: sequence + context C_i."""
        return cost.sequence + cost.context * attempt.computed

    def chunk_cost(self, cost: StepCost, attempt: Attempt) -> float:
        """What one prompt chunk adds: prompt p + attention (p c + p^2 / 2)."""
        return cost.prompt * self.chunks[attempt.number] + cost.attention * self.pairs(attempt)

    def cost(self, cost: StepCost, miss: float) -> float:
        """The whole step, before any of it takes effect."""
        decodes = sum(self.decode_cost(cost, attempt) for attempt in self.decoding)
        chunks = sum(self.chunk_cost(cost, attempt) for attempt in self.prefilling)
        return self.shared_cost(cost, miss) + decodes + chunks


class StepwiseQueue:
    """One replica that plans a step at every boundary, by the rules of the methodology page."""

    def __init__(self, spec: BatchingSpec, schedule: Schedule, schedule_host: Schedule) -> None:
        """An idle replica; `schedule(at_s, action)` calls back at a step's end, the other one when the
        host is done with an attempt.
        """
        self.spec = spec
        self.schedule = schedule
        self.schedule_host = schedule_host
        self.cache = PrefixCache()
        self.host = HostLine(spec=spec.host)
        self.preparing: list[Attempt] = []
        self.own = spec
        self.factor = 1.0
        self.up = True
        self.draining = False
        self.hand_over: HandOver | None = None
        self.decoded_by = spec
        self.link_free_s = 0.0
        self.waiting: list[Attempt] = []
        self.running: list[Attempt] = []
        self.moving: list[Attempt] = []
        self.step: Step | None = None
        self.busy_s = 0.0
        self.energy_j = 0.0
        self.step_count = 0
        self.preemption_count = 0

    # -- verbs of the outside ---------------------------------------------------------------

    def arrive(self, now_s: float, attempt: Attempt) -> None:
        """Refuses an attempt or lets the host prepare it; without any work it waits at once."""
        reason = self.refusal(attempt)
        if reason:
            attempt.end(now_s, Ending.FAILED, reason)
            return
        prepared_s = self.host.prepared_s(now_s, attempt)
        if prepared_s == now_s:
            self.stand(now_s, attempt)
        else:
            self.preparing.append(attempt)
            self.schedule_host(prepared_s, lambda at_s: self.hand_in(at_s, attempt))

    def hand_in(self, now_s: float, attempt: Attempt) -> None:
        """Lets a prepared attempt wait, unless it ended before."""
        if attempt in self.preparing:
            self.preparing.remove(attempt)
            self.stand(now_s, attempt)

    def stand(self, now_s: float, attempt: Attempt) -> None:
        """Lets an attempt wait behind its own and more urgent priorities; an idle queue starts at once."""
        place = len(self.waiting)
        while place and self.waiting[place - 1].priority > attempt.priority:
            place -= 1
        self.waiting.insert(place, attempt)
        if self.step is None:
            self.plan(now_s)

    def refusal(self, attempt: Attempt) -> int:
        """Why the attempt may not stand here, or 0."""
        if not self.up:
            return Reason.OUTAGE
        room, decoder = self.spec.kv_room_tokens, self.decoded_by
        whole = attempt.prompt + attempt.output - 1 + decoder.width - 1
        if attempt.prompt > room or whole > decoder.kv_room_tokens:
            return Reason.TOO_LARGE
        limit = self.spec.queue_limit
        inside = len(self.preparing) + len(self.waiting) + len(self.running)
        if limit < 0 or inside < self.spec.max_sequences + limit:
            return 0
        return Reason.QUEUE_FULL if limit else Reason.OVERLOADED

    def cancel(self, now_s: float, attempt: Attempt) -> None:
        """Removes an attempt that waits or is prepared; lets a running one leave at the step's end."""
        attempt.given_up = True
        for place in (self.preparing, self.waiting):
            if attempt in place:
                place.remove(attempt)
                attempt.end(now_s, Ending.CANCELLED)

    def clear(self, now_s: float, ending: Ending, reason: int) -> None:
        """Ends everybody now; the broken step's time and energy are shared by those in it."""
        if self.step is not None:
            self.break_step(self.step, now_s)
        for attempt in self.running + self.moving + self.waiting + self.preparing:
            attempt.end(now_s, ending, reason)
        self.running, self.moving, self.waiting, self.step = [], [], [], None
        self.preparing, self.host = [], HostLine(spec=self.spec.host)
        self.up = self.draining = False
        self.link_free_s = 0.0
        self.cache = PrefixCache()

    def slow(self, factor: float) -> None:
        """Changes the pace from the next step planned on."""
        self.factor = factor

    def open(self, *, opens: bool) -> None:
        """Lets attempts in, or no more of them."""
        self.draining = not opens
        self.up = opens

    def break_step(self, step: Step, now_s: float) -> None:
        """Charges a step that will never end, equally, for the part that was done."""
        miss = self.spec.expert_miss
        seconds = now_s - step.start_s
        done_ratio = seconds / step.cost(self.spec.seconds, miss)
        joules = self.step_joules(step) * done_ratio
        self.busy_s += seconds
        self.energy_j += joules
        for attempt in self.running:
            attempt.pay(seconds / len(self.running), joules / len(self.running))

    # -- planning ---------------------------------------------------------------------------

    def decoders(self) -> list[Attempt]:
        """Decoding sequences, in order of admission."""
        return [attempt for attempt in self.running if attempt.decoding]

    def gain(self) -> int:
        """Tokens that the next step yields a decoding sequence: floor((t + 1) g) - floor(t g)."""
        if self.spec.width == 1:
            return 1
        tokens, t = round(self.spec.progress * 65_536), self.step_count
        return (t + 1) * tokens // 65_536 - t * tokens // 65_536

    def kv_used(self, step: Step) -> int:
        """Tokens in the cache, and those the step under way will write."""
        own = sum(attempt.computed - attempt.shared for attempt in self.running + self.moving)
        return own + self.cache.held_tokens() + step.chunk_tokens + len(self.decoders()) * self.gain()

    def preempt_victim(self) -> Attempt:
        """Drops the last admitted of the least urgent; it waits before its own priority."""
        worst = max(attempt.priority for attempt in self.running)
        victim = [attempt for attempt in self.running if attempt.priority == worst][-1]
        self.release(victim)
        victim.lost = max(victim.lost, victim.computed)
        victim.computed = 0
        victim.decoding = False
        victim.prefill_target = victim.prompt + victim.generated
        urgent = [attempt for attempt in self.waiting if attempt.priority < victim.priority]
        self.waiting.insert(len(urgent), victim)
        self.preemption_count += 1
        return victim

    def release(self, attempt: Attempt) -> None:
        """Takes a sequence out of the batch; its cache stays behind where there is one."""
        self.running.remove(attempt)
        self.free_context(attempt)

    def free_context(self, attempt: Attempt) -> None:
        """Leaves a sequence's blocks to the cache."""
        if self.spec.prefix_cache:
            self.cache.release(attempt, self.step_count)

    def plan(self, now_s: float) -> None:
        """Plans the next step at a boundary: room, left-over prompt, admission."""
        self.spec = slowed(self.own, self.factor)
        step = Step(start_s=now_s, decoding=[], width=self.spec.width)
        before = self.preemption_count
        while self.kv_used(step) > self.spec.kv_room_tokens:
            self.preempt_victim()
        budget = max(0, self.spec.token_budget - len(self.decoders()) * self.spec.width)
        budget -= self.continue_prompt(step, budget)
        if self.preemption_count == before:
            self.admit(step, budget)
        step.decoding = self.decoders()
        self.begin(step)

    def continue_prompt(self, step: Step, budget: int) -> int:
        """Plans the prompt left over from the last step; returns the tokens planned."""
        left_over = [attempt for attempt in self.running if not attempt.decoding]
        if not left_over or not budget:
            return 0
        (attempt,) = left_over
        tokens = min(attempt.prefill_target - attempt.computed, budget)
        while self.kv_used(step) + tokens > self.spec.kv_room_tokens:
            if self.preempt_victim() is attempt:
                return 0
        step.add_chunk(attempt, tokens)
        return tokens

    def admit(self, step: Step, budget: int) -> None:
        """Admits waiting sequences in order while seats, budget and room last."""
        while self.waiting and len(self.running) < self.spec.max_sequences and budget > 0:
            attempt = self.waiting[0]
            if not self.fits(step, attempt, min(attempt.prefill_target, budget)):
                return
            self.running.append(self.waiting.pop(0))
            if attempt.computed:
                attempt.decoding = True
                budget -= step.width
                continue
            if math.isnan(attempt.admitted_s):
                attempt.admitted_s = step.start_s
            if self.spec.prefix_cache:
                self.cache.take(attempt)
            tokens = min(attempt.prefill_target - attempt.computed, budget)
            step.add_chunk(attempt, tokens)
            budget -= tokens

    def fits(self, step: Step, attempt: Attempt, tokens: int) -> bool:
        """Whether there is room for its first chunk; for all its prompt where that may be cached; for
        a context handed over and what the step adds to it.
        """
        if attempt.computed:
            tokens = attempt.computed + self.gain()
        elif self.spec.prefix_cache and attempt.may_repeat:
            tokens = attempt.prefill_target - self.cache.held_prefix(attempt)
        return self.kv_used(step) + tokens <= self.spec.kv_room_tokens

    def begin(self, step: Step) -> None:
        """Starts the planned step; with nothing in it the queue is idle."""
        self.step = step if step.head_count else None
        self.cache.trim(self.spec.kv_room_tokens - self.kv_used(step))
        if self.step is not None:
            seconds = step.cost(self.spec.seconds, self.spec.expert_miss)
            self.schedule(step.start_s + seconds, lambda now_s: self.finish(step, now_s))

    # -- a step's end -----------------------------------------------------------------------

    def finish(self, step: Step, now_s: float) -> None:
        """Charges the step, lets it take effect, lets the done and the given up leave."""
        if step is not self.step:
            return
        gain = self.gain()
        self.charge(step)
        self.step_count += 1
        for attempt in step.decoding:
            tokens = min(gain, attempt.output - attempt.generated)
            attempt.computed += tokens
            attempt.generated += tokens
        batch = [attempt for attempt in step.decoding if attempt.generated < attempt.output]
        for attempt in step.prefilling:
            self.finish_chunk(step, attempt, now_s, batch)
        for attempt in list(self.running):
            if attempt.generated == attempt.output or attempt.given_up:
                self.release(attempt)
                attempt.end(now_s, Ending.COMPLETED)
            elif attempt.decoding and self.hand_over:
                self.running.remove(attempt)
                self.hand_over(now_s, attempt)
        self.plan(now_s)

    def finish_chunk(self, step: Step, attempt: Attempt, now_s: float, batch: list[Attempt]) -> None:
        """Counts computed prompt tokens; a complete prompt emits a token, and joins the batch if its
        answer goes on here.
        """
        tokens = step.chunks[attempt.number]
        attempt.prefilled += tokens
        attempt.recomputed += again(attempt, tokens)
        attempt.computed += tokens
        if self.spec.prefix_cache:
            self.cache.offer(attempt)
        if attempt.computed < attempt.prefill_target:
            return
        attempt.decoding = True
        attempt.generated += 1
        if math.isnan(attempt.first_s):
            attempt.first_s = now_s
            attempt.lag_s = self.lag_s([*batch, attempt])
        goes_on = attempt.given_up or attempt.generated < attempt.output
        if goes_on and self.hand_over is None:
            batch.append(attempt)

    def lag_s(self, batch: list[Attempt]) -> float:
        """How far behind the engine an answer leaves: the host's part, and decode steps of the batch."""
        alone = Step(start_s=0.0, decoding=batch, width=self.spec.width)
        step_s = alone.cost(self.spec.seconds, self.spec.expert_miss)
        return self.spec.host.output_s + self.spec.host.output_steps * step_s

    def step_joules(self, step: Step) -> float:
        """The whole step's energy: no more than the power limit allows in its time."""
        miss = self.spec.expert_miss
        most = self.spec.power_limit_w * step.cost(self.spec.seconds, miss)
        return min(step.cost(self.spec.joules, miss), most)

    def charge(self, step: Step) -> None:
        """Charges everybody in the step by cause, before the step takes effect.

        At the power limit joules are the limit's watts in everybody's seconds.
        """
        seconds, joules, miss = self.spec.seconds, self.spec.joules, self.spec.expert_miss
        self.busy_s += step.cost(seconds, miss)
        self.energy_j += self.step_joules(step)
        if self.step_joules(step) < step.cost(joules, miss):
            names = [entry.name for entry in fields(StepCost)]
            watts = self.spec.power_limit_w
            joules = StepCost(**{name: watts * getattr(seconds, name) for name in names})
        shared_s = step.shared_cost(seconds, miss) / step.head_count
        shared_j = step.shared_cost(joules, miss) / step.head_count
        for attempt in step.decoding:
            own_s, own_j = step.decode_cost(seconds, attempt), step.decode_cost(joules, attempt)
            attempt.pay(shared_s + own_s, shared_j + own_j)
        for attempt in step.prefilling:
            own_s, own_j = step.chunk_cost(seconds, attempt), step.chunk_cost(joules, attempt)
            attempt.pay(shared_s + own_s, shared_j + own_j)
            tokens = step.chunks[attempt.number]
            wasted_ratio = again(attempt, tokens) / tokens
            attempt.wasted_s += (shared_s + own_s) * wasted_ratio
            attempt.wasted_j += (shared_j + own_j) * wasted_ratio


def slowed(spec: BatchingSpec, factor: float) -> BatchingSpec:
    """The replica at another pace: every second takes longer, the added time draws `stall_w`."""
    names = [entry.name for entry in fields(StepCost)]
    seconds = {name: getattr(spec.seconds, name) for name in names}
    joules = {
        name: getattr(spec.joules, name) + spec.stall_w * (factor - 1.0) * seconds[name] for name in names
    }
    longer = {name: value * factor for name, value in seconds.items()}
    limit_w = (spec.power_limit_w + spec.stall_w * (factor - 1.0)) / factor
    return replace(spec, seconds=StepCost(**longer), joules=StepCost(**joules), power_limit_w=limit_w)


def again(attempt: Attempt, tokens: int) -> int:
    """How many of the next prompt tokens had been in the cache before a preemption."""
    return max(0, min(tokens, attempt.lost - attempt.computed))
