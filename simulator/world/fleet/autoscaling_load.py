"""What autoscalers look at: a target's load in units of one replica, one function a metric."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from simulator.kernel import Kernel
    from simulator.world.plan import Scaling


class AutoscalingLoad:
    """The load of one target's replicas by its scaling's metric, summed over them.

    A replica adds its attempts, its busy share since the last look, or the share of its KV cache in
    use: the sum over the target of one replica is how many replicas are asked for.
    """

    def __init__(self, scaling: Scaling, kernel: Kernel) -> None:
        """Nothing has been looked at yet."""
        self._scaling = scaling
        self._kernel = kernel
        self._queues = list(scaling.queues)
        self._busy_s, self._seen_s = 0.0, 0.0
        self._load = METRICS[scaling.metric]

    def replicas(self, now_s: float) -> float:
        """Replicas that the load asks for, not yet whole ones."""
        return self._load(self, now_s) / self._scaling.target_load

    @property
    def nothing(self) -> bool:
        """Whether nothing waits or runs."""
        return not self._kernel.groups["outstanding"][self._scaling.target]

    def outstanding(self, now_s: float) -> float:
        """Attempts that wait or run (KServe and Knative: `concurrency`)."""
        del now_s
        return float(self._kernel.groups["outstanding"][self._scaling.target])

    def waiting(self, now_s: float) -> float:
        """Attempts that wait (KEDA on vLLM's `num_requests_waiting`)."""
        del now_s
        return float(self._kernel.groups["waiting"][self._scaling.target])

    def utilization(self, now_s: float) -> float:
        """Replicas busy on average since the last look (Kubernetes: `averageUtilization`)."""
        busy_s = float(self._kernel.busy_s(now_s)[self._queues].sum())
        span_s, worked_s = now_s - self._seen_s, busy_s - self._busy_s
        self._busy_s, self._seen_s = busy_s, now_s
        return worked_s / span_s if span_s > 0.0 else 0.0

    def kv_usage(self, now_s: float) -> float:
        """Full KV caches (KEDA on vLLM's `kv_cache_usage_perc`)."""
        del now_s
        rows = self._kernel.queues[self._queues]
        return float((rows["kv_used"] / rows["kv_room"]).sum())


METRICS: Final[Mapping[str, Callable[[AutoscalingLoad, float], float]]] = {
    "outstanding": AutoscalingLoad.outstanding,
    "waiting": AutoscalingLoad.waiting,
    "utilization": AutoscalingLoad.utilization,
    "kv_usage": AutoscalingLoad.kv_usage,
}
"""A metric of one's own: a function of `AutoscalingLoad`, a line here, its name in the scenario's model."""
