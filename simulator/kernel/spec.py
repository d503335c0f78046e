"""What a kernel is made of: groups of queues, described by plain numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCost:
    """Coefficients of one lane of the step cost (`simulator.kernel.compiled.batch.costs`): seconds or joules.

    `base` per step, `expert` per step with all experts touched, `sequence` per decoding
    sequence, `context` per token of context read, `prompt` per prompt token, `attention` per
    query-key pair of a prompt.
    """

    base: float
    expert: float = 0.0
    sequence: float = 0.0
    context: float = 0.0
    prompt: float = 0.0
    attention: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSpec:
    """What a serving engine's host adds before and behind its steps (`docs/methodology/batching.md`).

    An attempt takes `request_s + token_s` x prompt tokens of it before it stands in line, and
    `answer_token_s` x answer tokens that only later arrivals wait for. Tokens leave the server
    `output_s + output_steps` x a decode step behind the engine.
    """

    request_s: float = 0.0
    token_s: float = 0.0
    answer_token_s: float = 0.0
    output_s: float = 0.0
    output_steps: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchingSpec:
    """Replicas that batch continuously (`docs/methodology/batching.md`).

    `seconds` and `joules` are the cost of a step; `expert_miss` is the probability that one token
    leaves a given expert untouched (1 - k/E). Counts are tokens and sequences; a negative
    `queue_limit` means no limit on waiting attempts. `stall_w` is drawn in the time that a slowed
    replica takes more; no step draws more than `power_limit_w` at its own pace. With drafts a decode
    step computes `width` tokens of a sequence (whose cost `sequence` holds) and yields `progress` of
    them, from 1 to `width`. Each replica has a `host` of its own; that of a decode pool is not asked.
    """

    seconds: StepCost
    joules: StepCost = field(default_factory=lambda: StepCost(base=0.0))
    expert_miss: float = 0.0
    max_sequences: int = 256
    token_budget: int = 8192
    kv_room_tokens: int = 400_000
    queue_limit: int = -1
    prefix_cache: bool = True
    stall_w: float = 0.0
    power_limit_w: float = math.inf
    width: int = 1
    progress: float = 1.0
    host: HostSpec = field(default_factory=HostSpec)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """What prompts repeat of earlier ones, by request.

    `session` numbers conversations (-1: none). `history` counts the prompt's tokens that repeat
    the turn before and its answer, where prompts carry them (-1: they never do in this
    conversation). `key[offset[i]:offset[i + 1]]` name segments of prompt i from its beginning,
    each of `tokens` tokens, a multiple of 16; equal keys mean equal prompts up to that segment.
    """

    session: NDArray[np.int64]
    history: NDArray[np.int64]
    offset: NDArray[np.int64]
    key: NDArray[np.int64]
    tokens: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServersSpec:
    """Queues of `servers` single streams each; a busy server draws `power_w`."""

    servers: int
    queue_limit: int = -1
    power_w: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimits:
    """A provider's limits as token buckets, refilled evenly; a bucket holds `burst_s` seconds."""

    requests_per_s: float = math.inf
    input_tokens_per_s: float = math.inf
    output_tokens_per_s: float = math.inf
    burst_s: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodePool:
    """`count` replicas that take contexts over from those that compute prompts.

    A token of context takes `transfer_s` over its sender's link.
    """

    queues: BatchingSpec
    count: int = 1
    transfer_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSpec:
    """Alike queues behind one door: the replicas of a deployment, or everybody's own device.

    `balancing` is a code of `simulator.kernel.codes` and applies when the submitter names no
    queue. With a decode pool the queues compute prompts only; its queues are numbered after them.
    """

    queues: BatchingSpec | ServersSpec
    count: int = 1
    decode: DecodePool | None = None
    balancing: int = 0
    limits: RateLimits = field(default_factory=RateLimits)

    @property
    def queue_count(self) -> int:
        """All queues, those of the decode pool included."""
        return self.count + (self.decode.count if self.decode else 0)
