"""The kernel's structured records: one row per queue, group, slot, timer, event and ledger entry.

`_s` lanes hold seconds, `_j` lanes joules; both follow the same formulas (`costs.py`), so that
time and energy are attributed by the same rule.
"""

from __future__ import annotations

from collections import namedtuple

import numpy as np

QUEUE = np.dtype(
    [
        ("kind", "i8"),
        ("group", "i8"),
        ("up", "i8"),
        ("draining", "i8"),
        # pace: seconds over the queue's own, now and from the next boundary; watts of the added time
        ("slowdown", "f8"),
        ("slowdown_next", "f8"),
        ("stall_w", "f8"),
        # power: the most a step may draw at its present pace, watts; whether the step under way would
        # draw more; steps so far that would have, and the tokens gained before each of them, summed
        ("limit_w", "f8"),
        ("limited", "i8"),
        ("limited_steps", "i8"),
        ("limited_gain", "i8"),
        # limits
        ("capacity", "i8"),
        ("queue_limit", "i8"),
        ("token_budget", "i8"),
        ("kv_room", "i8"),
        # prefill alone: whether finished prompts are handed over, seconds a token of context takes
        # over the link, when the link is free
        ("hands_over", "i8"),
        ("transfer_s", "f8"),
        ("link_free_s", "f8"),
        # drafts: tokens in a decode step by sequence, and gain_tokens / gain_steps of them kept
        ("width", "i8"),
        ("gain_tokens", "i8"),
        ("gain_steps", "i8"),
        # cost of one step, two lanes: seconds and joules
        ("base_s", "f8"),
        ("expert_s", "f8"),
        ("sequence_s", "f8"),
        ("context_s", "f8"),
        ("prompt_s", "f8"),
        ("attention_s", "f8"),
        ("base_j", "f8"),
        ("expert_j", "f8"),
        ("sequence_j", "f8"),
        ("context_j", "f8"),
        ("prompt_j", "f8"),
        ("attention_j", "f8"),
        ("expert_miss", "f8"),
        # what runs now
        ("phase", "i8"),
        ("start_s", "f8"),
        ("next_s", "f8"),
        ("steps", "i8"),
        ("first_step_s", "f8"),
        ("growth_s", "f8"),
        ("first_step_j", "f8"),
        ("growth_j", "f8"),
        ("decoding", "i8"),
        ("context", "i8"),
        ("prefilling", "i8"),
        ("chunk_tokens", "i8"),
        ("kv_used", "i8"),
        ("running", "i8"),
        ("waiting", "i8"),
        ("outstanding", "i8"),
        ("clock", "i8"),
        ("cancelling", "i8"),
        # prefix cache: whether there is one, free tokens in it, its ends
        ("caches", "i8"),
        ("cached", "i8"),
        ("cache_oldest", "i8"),
        ("cache_newest", "i8"),
        # meters
        ("share_s", "f8"),
        ("share_j", "f8"),
        ("busy_s", "f8"),
        ("energy_j", "f8"),
        ("step_count", "i8"),
        ("preemption_count", "i8"),
        # lists (slot numbers) and heaps
        ("wait_head", "i8"),
        ("wait_tail", "i8"),
        ("run_head", "i8"),
        ("run_tail", "i8"),
        ("moving_head", "i8"),
        ("prefill_head", "i8"),
        ("prefill_tail", "i8"),
        ("heap_at", "i8"),
        ("heap_count", "i8"),
        ("position", "i8"),
        # host: seconds it takes per request, prompt token and answer token; seconds and decode steps
        # by which answers leave behind the engine; when it is free, and who is being prepared by it
        ("host_request_s", "f8"),
        ("host_token_s", "f8"),
        ("host_answer_token_s", "f8"),
        ("host_output_s", "f8"),
        ("host_output_steps", "f8"),
        ("host_free_s", "f8"),
        ("preparing", "i8"),
        ("preparing_head", "i8"),
        ("preparing_tail", "i8"),
    ],
    align=True,
)

GROUP = np.dtype(
    [
        ("first_queue", "i8"),
        ("queue_count", "i8"),
        ("balancing", "i8"),
        ("cursor", "i8"),
        ("waiting_room", "i8"),
        ("decode_pool", "i8"),
        ("outstanding", "i8"),
        ("waiting", "i8"),
        ("running", "i8"),
        ("kv_used", "i8"),
        ("kv_room", "i8"),
        ("kv_usage_ratio", "f8"),
        # token buckets: level now, refill per second, size; infinite when unlimited
        ("refilled_s", "f8"),
        ("request_level", "f8"),
        ("request_rate", "f8"),
        ("request_size", "f8"),
        ("input_level", "f8"),
        ("input_rate", "f8"),
        ("input_size", "f8"),
        ("output_level", "f8"),
        ("output_rate", "f8"),
        ("output_size", "f8"),
    ],
    align=True,
)

SLOT = np.dtype(
    [
        ("generation", "i8"),
        ("state", "i8"),
        ("number", "i8"),
        ("chance", "i8"),
        ("request", "i8"),
        ("group", "i8"),
        ("queue", "i8"),
        ("prefill_queue", "i8"),
        ("priority", "i8"),
        ("notify", "i8"),
        ("stop", "i8"),
        ("prompt", "i8"),
        ("output", "i8"),
        ("generated", "i8"),
        ("computed", "i8"),
        ("prefill_target", "i8"),
        ("chunk", "i8"),
        ("started_clock", "i8"),
        ("started_context", "i8"),
        ("limited_steps", "i8"),
        ("limited_gain", "i8"),
        ("done_clock", "i8"),
        ("share_s", "f8"),
        ("share_j", "f8"),
        ("busy_s", "f8"),
        ("energy_j", "f8"),
        ("wasted_s", "f8"),
        ("wasted_j", "f8"),
        ("prefilled", "i8"),
        ("lost", "i8"),
        ("cached", "i8"),
        ("held", "i8"),
        ("shared", "i8"),
        ("recomputed", "i8"),
        ("submitted_s", "f8"),
        ("ready_s", "f8"),
        ("admitted_s", "f8"),
        ("first_s", "f8"),
        ("delivered_s", "f8"),
        ("finish_s", "f8"),
        ("return_s", "f8"),
        ("lag_s", "f8"),
        ("first_delay_s", "f8"),
        ("duration_s", "f8"),
        ("ending", "i8"),
        ("reason", "i8"),
        ("retry_after_s", "f8"),
        ("next", "i8"),
        ("previous", "i8"),
        ("run_next", "i8"),
        ("run_previous", "i8"),
        ("prefill_next", "i8"),
    ],
    align=True,
)

TIMER = np.dtype(
    [("at_s", "f8"), ("order", "i8"), ("slot", "i8"), ("generation", "i8"), ("kind", "i8")],
    align=True,
)

EVENT = np.dtype(
    [
        ("at_s", "f8"),
        ("handle", "i8"),
        ("kind", "i8"),
        ("reason", "i8"),
        ("retry_after_s", "f8"),
        ("first_token_seen", "i8"),
    ],
    align=True,
)

LEDGER = np.dtype(
    [
        ("number", "i8"),
        ("request", "i8"),
        ("group", "i4"),
        ("queue", "i4"),
        ("prefill_queue", "i4"),
        ("ending", "i1"),
        ("reason", "i1"),
        ("priority", "i2"),
        ("prompt", "i4"),
        ("output", "i4"),
        ("prefilled", "i4"),
        ("recomputed", "i4"),
        ("cached", "i4"),
        ("submitted_s", "f8"),
        ("ready_s", "f8"),
        ("admitted_s", "f8"),
        ("first_s", "f8"),
        ("delivered_s", "f8"),
        ("finish_s", "f8"),
        ("return_s", "f8"),
        ("lag_s", "f8"),
        ("busy_s", "f8"),
        ("energy_j", "f8"),
        ("wasted_s", "f8"),
        ("wasted_j", "f8"),
    ],
    align=True,
)

PREFIX = np.dtype(
    [
        ("owner", "i8"),
        ("key", "i8"),
        ("tokens", "i8"),
        ("holders", "i8"),
        ("listed", "i8"),
        ("stamp", "i8"),
        ("number", "i8"),
        ("older", "i8"),
        ("newer", "i8"),
        ("chain", "i8"),
    ],
    align=True,
)

REPEATED = np.dtype(
    [
        ("session", "i8"),
        ("carries_history", "i8"),
        ("history", "i8"),
        ("first_segment", "i8"),
        ("segment_count", "i8"),
    ],
    align=True,
)

SEGMENT = np.dtype([("key", "i8"), ("tokens", "i8")], align=True)

State = namedtuple(
    "State",
    "queues groups slots timers outbox ledger heap clocks members counters prefixes buckets asked segments",
)
"""All arrays of one kernel. `groups` ends with decode pools, which their groups name as `decode_pool`;
counts stand in the group itself. `heap` orders batching queues by `next_s`; `clocks`/`members` hold
each queue's heap of decoding sequences at `heap_at`, keyed by the token clock of completion.
`prefixes` are the entries of all prefix caches, found through `buckets` (place + 1, 0: none); `asked`
has what each request's prompt repeats, in part as `segments`."""

WORD = np.dtype("i8")
STATE_DTYPES = State(
    queues=QUEUE,
    groups=GROUP,
    slots=SLOT,
    timers=TIMER,
    outbox=EVENT,
    ledger=LEDGER,
    heap=WORD,
    clocks=WORD,
    members=WORD,
    counters=WORD,
    prefixes=PREFIX,
    buckets=WORD,
    asked=REPEATED,
    segments=SEGMENT,
)._asdict()
"""What the arrays hold, in the order in which compiled code finds their addresses."""
