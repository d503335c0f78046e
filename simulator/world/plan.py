"""Everything a run needs, decided before it begins: columns, targets, queues, timings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from router.views.fleet import Target
    from router.views.request import AnswerTable, RequestTable
    from simulator.kernel import GroupSpec, Repeats
    from simulator.workload.columns import Workload


@dataclass(frozen=True, slots=True, kw_only=True)
class Metering:
    """A provider's rules. `lifetime_s` 0: nothing is cached. `output_weight` counts answer tokens
    as so many input tokens (provisioned units). `window_tokens` is the model's true window where
    the router believes in a larger one, else 0. `kept_when_sent`: a prefix is in the cache once it
    was sent (batches), not once it was answered. Nothing is cached in the spans of `uncached_s`.
    """

    minimum_tokens: int = 0
    step_tokens: int = 1
    lifetime_s: float = 0.0
    explicit: bool = False
    kept_when_sent: bool = False
    uncached_s: tuple[tuple[float, float], ...] = ()
    counts_cached: bool = True
    output_weight: float = 0.0
    window_tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttling:
    """How a machine slows down as it heats: from 1 to `sustained_ratio` of its speed, by `heating_s`."""

    sustained_ratio: float
    heating_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OverloadCurve:
    """How calls slow down where `places` fill up: `slowdown` times as long when all are taken.

    Up to `from_ratio` of the places taken nothing changes; from there on it grows evenly.
    """

    places: int
    from_ratio: float
    slowdown: float

    def factor(self, running: int) -> float:
        """What the time of a call is multiplied by that finds so many running."""
        taken = min(running / self.places, 1.0)
        beyond = max(taken - self.from_ratio, 0.0) / (1.0 - self.from_ratio)
        return 1.0 + (self.slowdown - 1.0) * beyond


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """Service times of a target whose queues are servers, by request.

    The first token comes after `first_s[i]`, every further one `gap_s[i]` later. A repeated
    try draws again when `redraw` holds: it reads the row of another request of the stream.
    `throttling` machines take longer when hot, `crowding` servers when many calls run.
    """

    first_s: NDArray[np.float64]
    gap_s: NDArray[np.float64]
    redraw: bool
    throttling: Throttling | None = None
    crowding: OverloadCurve | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfflineSchedule:
    """When the users' own devices behind a target cannot answer; `label` names the draws.

    At random: off for `mean_s` on average, `share` of the time. And in each interval from
    `from_s[j]` to `to_s[j]`, all of them.
    """

    label: str
    share: float
    mean_s: float
    from_s: tuple[float, ...]
    to_s: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetPlan:
    """How the world reaches one target. Arrays by region code hold one-way seconds.

    `model` is the row of the answer table, `timings` is None for batching queues. `own_device`
    sends each request to its asker's own queue. `failure_ratio` of the attempts fail with a
    server error. `metering` is how an API counts tokens, None for everything else. `absence` is
    when own devices cannot answer, None where they always can. The last
    `decode_count` queues only decode what the others hand over; `rank_count` of them make a replica.
    """

    model: int
    forward_s: NDArray[np.float64]
    back_s: NDArray[np.float64]
    timings: Timings | None = None
    own_device: bool = False
    queue_count: int = 1
    decode_count: int = 0
    rank_count: int = 1
    first_queue: int = 0
    failure_ratio: float = 0.0
    metering: Metering | None = None
    absence: OfflineSchedule | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """What clients of one stream do: wait `timeout_s`, then ask again up to `retries` times."""

    timeout_s: float
    retries: int = 0
    backoff_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackPlan:
    """By request, whether routers hear if its answer was right; `delay_s` after it was complete."""

    given: NDArray[np.bool_]
    delay_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRule:
    """When an agent's task succeeded: its last call is right, or every call."""

    every_call: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """How a target's replicas follow its work: between `least` (or none, `to_zero`) and all `queues`.

    Each is to have about `target_load` of the `metric` (`simulator.world.fleet.autoscaling_load`).
    """

    target: int
    label: str
    queues: tuple[int, ...]
    least: int
    metric: str
    target_load: float
    interval_s: float
    cold_start_s: float
    scale_in_delay_s: float
    to_zero: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One fault at one time, the same under every policy.

    It begins at `at_s`, or after `notice_s` from then where it gives notice, and lasts
    `duration_s`. It affects `queues` (kernel numbers), whole `targets`, or `ways`: pairs of a
    target and the region code of the client. `begins`, `ends` and `notice` are its texts.
    """

    kind: str
    label: str
    at_s: float
    duration_s: float
    targets: tuple[int, ...] = ()
    queues: tuple[int, ...] = ()
    ways: tuple[tuple[int, int], ...] = ()
    factor: float = 1.0
    failure_ratio: float = 0.0
    notice_s: float = 0.0
    timeout_s: float = 0.0
    begins: str
    ends: str
    notice: str = ""

    @property
    def gives_notice(self) -> bool:
        """Whether new work stops before it begins."""
        return self.notice_s > 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlan:
    """The resolved world of one replication, the same for every policy.

    `answers` rows belong to models, `target_answers` to targets (the oracle's view).
    `candidate_sets[set_code[i]]` are the targets hard constraints leave for request i; an empty
    set carries its reason in `empty_reasons`. `reasoning_ratio` is by model, the objectives
    `limits_s` (ttft_s, tpot_s, e2e_s) by request, nan where unset. `repeats_prefix` marks requests
    whose prompts begin with earlier turns of their session, or with recorded blocks.
    `repeats` is what prefix caches can find, None where nothing is. `task_rules` is by stream, None
    where its requests are not an agent's calls. `instance_code` is the router instance by request.
    `feedback` is None where routers never hear who was right.
    """

    seed: int
    workload: Workload
    repeats_prefix: NDArray[np.bool_]
    requests: RequestTable
    answers: AnswerTable
    model_names: tuple[str, ...]
    reasoning_ratio: NDArray[np.float64]
    limits_s: dict[str, NDArray[np.float64]]
    targets: tuple[Target, ...]
    target_plans: tuple[TargetPlan, ...]
    groups: tuple[GroupSpec, ...]
    repeats: Repeats | None
    candidate_sets: tuple[tuple[int, ...], ...]
    set_code: NDArray[np.int32]
    empty_reasons: tuple[str, ...]
    patience: tuple[Patience, ...]
    task_rules: tuple[TaskRule | None, ...]
    warmup_s: float
    duration_s: float
    end_s: float
    telemetry_step_s: float
    staleness_s: float
    router_instances: int
    instance_code: NDArray[np.int16]
    decision_latency_s: float
    decision_usd: float
    incidents: tuple[Incident, ...] = ()
    scalings: tuple[Scaling, ...] = ()
    feedback: FeedbackPlan | None = None
