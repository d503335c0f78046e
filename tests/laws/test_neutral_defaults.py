"""What nobody states is nothing: plain data of the core has neutral defaults."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import MISSING, fields, is_dataclass

from router.steps import EventKind
from simulator.report.figures import Averaging
from simulator.traces.trace import TraceClock

PACKAGES = (
    "router",
    "simulator.accounting",
    "simulator.arrivals",
    "simulator.experiment",
    "simulator.plan",
    "simulator.quality",
    "simulator.records",
    "simulator.report",
    "simulator.series",
    "simulator.traces",
    "simulator.workload",
    "simulator.world",
)
EXCEPTIONS = {
    "AdversarialDelayParameters.delay_s": 2.0,
    "Amounts.per": 1.0,
    "Metric.factor": 1.0,
    "FigureDescription.averaging": Averaging.SUMMED,
    "AnsweringModel.verbosity": 1.0,
    "AnsweringModel.wrong_length_ratio": 1.0,
    "Await.interest": EventKind.COMPLETED,
    "BudgetCapParameters.budget_usd": 100.0,
    "BudgetCapParameters.per": "all",
    "BudgetCapParameters.period_s": 86_400.0,
    "BudgetCapParameters.pick": "least_outstanding",
    "BudgetCapParameters.when_spent": "reject",
    "BudgetPacingParameters.ema_alpha": 0.05,
    "BudgetPacingParameters.lambda_max": 5.0,
    "BudgetPacingParameters.lr": 0.05,
    "BudgetPacingParameters.mode": "soft",
    "BudgetPacingParameters.target_usd_per_request": 0.001,
    "BudgetedOracleParameters.target_usd_per_request": 0.001,
    "CacheRegretParameters.floor": 0.7,
    "CacheRegretParameters.horizon": 4.0,
    "CacheRegretParameters.ttl_s": 300.0,
    "CarbonDeferralParameters.floor": 0.7,
    "CarbonDeferralParameters.step_s": 900.0,
    "CarbonParameters.floor": 0.7,
    "CascadeParameters.false_accept_ratio": 0.1,
    "CascadeParameters.false_reject_ratio": 0.1,
    "CascadeParameters.latency_s": 0.2,
    "CheapestCapableParameters.floor": 0.7,
    "ConfidenceCascadeParameters.auc": 0.75,
    "ConfidenceCascadeParameters.escalation_order": "cost",
    "ConfidenceCascadeParameters.threshold": 0.5,
    "ConsistentHashParameters.key": "session",
    "ConsistentHashParameters.load_factor": 1.25,
    "ConsistentHashParameters.vnodes": 100,
    "TaskDifficulty.sd": 1.0,
    "EdgeFirstParameters.floor": 0.6,
    "EdgeFirstParameters.local_tier": "edge",
    "EdgeFirstParameters.overflow_outstanding": 2.0,
    "EpsilonGreedyParameters.quality_weight": 0.7,
    "EpsilonGreedyParameters.cost_weight": 0.3,
    "EpsilonGreedyParameters.gamma": 1.0,
    "EpsilonGreedyParameters.epsilon": 0.1,
    "Event.retry_after_s": float("nan"),
    "ExpectedCostParameters.length": "usual",
    "FlappingParameters.period_s": 30.0,
    "HedgeParameters.after_s": 1.0,
    "HedgeParameters.share_ratio": 1.0,
    "Incident.factor": 1.0,
    "LeastOutstandingParameters.ties": "lowest_index",
    "LearningParameters.quality_weight": 0.7,
    "LearningParameters.cost_weight": 0.3,
    "LearningParameters.gamma": 1.0,
    "LinUcbParameters.quality_weight": 0.7,
    "LinUcbParameters.cost_weight": 0.3,
    "LinUcbParameters.gamma": 1.0,
    "LinUcbParameters.alpha": 0.5,
    "LinUcbParameters.ridge": 1.0,
    "LowestLatencyParameters.max_latency_list_size": 10,
    "LowestLatencyParameters.measure": "s_per_token",
    "LowestLatencyParameters.ttl_s": 3_600.0,
    "Metering.counts_cached": True,
    "Metering.step_tokens": 1,
    "OutcomeReading.coverage": "common",
    "OutcomeReading.score_scale": "none",
    "MultiFactorParameters.cost_weight": 0.25,
    "MultiFactorParameters.latency_metric": "tpot",
    "MultiFactorParameters.latency_percentile": 95.0,
    "MultiFactorParameters.latency_weight": 0.25,
    "MultiFactorParameters.load_weight": 0.25,
    "MultiFactorParameters.max_latency_list_size": 100,
    "MultiFactorParameters.on_no_candidates": "cheapest",
    "MultiFactorParameters.quality_weight": 0.25,
    "MultiFactorParameters.ttl_s": 3_600.0,
    "Outcome.started_s": float("nan"),
    "PowerOfTwoParameters.choices": 2,
    "PrefixAffinityParameters.balance_abs_threshold": 64,
    "PrefixAffinityParameters.balance_rel_threshold": 1.5,
    "PrefixAffinityParameters.cache_threshold": 0.3,
    "PrefixAffinityParameters.eviction_interval_s": 60.0,
    "PrefixAffinityParameters.max_tree_blocks": 32_768,
    "PromptLengthParameters.threshold_token_count": 500,
    "RaceParameters.count": 2,
    "RaceParameters.floor": 0.7,
    "RecordedColumns.prefix_block_tokens": 512,
    "BreakerRules.failure_threshold": 10,
    "BreakerRules.probes": 1,
    "BreakerRules.success_threshold": 3,
    "BreakerRules.timeout_s": 30.0,
    "BreakerRules.window_s": 120.0,
    "ScriptedRun.answer": -1,
    "Resilience.backoff_max_s": 8.0,
    "Resilience.backoff_s": 0.5,
    "Resilience.cooldown_s": 5.0,
    "Resilience.failure_min_count": 5,
    "Resilience.failure_ratio": 0.5,
    "Resilience.jitter_s": 0.75,
    "Resilience.lone_failure_count": 1000,
    "Resilience.max_fallbacks": 5,
    "Resilience.retry_after_max_s": 60.0,
    "RecordedParameters.otherwise": "reject",
    "ScoreThresholdParameters.threshold": 0.5,
    "ScriptedAttempt.ends_s": 2.0,
    "ScriptedAttempt.first_token_s": 0.5,
    "ScriptedAttempt.retry_after_s": float("nan"),
    "ScriptedAttempt.right": True,
    "SloHeadroomParameters.epsilon_explore": 0.01,
    "SloHeadroomParameters.headroom": "least",
    "SloHeadroomParameters.max_latency_list_size": 10,
    "SloHeadroomParameters.tpot_weight": 0.2,
    "SloHeadroomParameters.ttft_weight": 0.8,
    "SessionStickinessParameters.inner": "least_outstanding",
    "SessionStickinessParameters.ttl_s": 600.0,
    "SpillOverParameters.measure": "outstanding",
    "SpillOverParameters.spill_threshold": 4.0,
    "Target.replica_count": 1,
    "TargetPlan.queue_count": 1,
    "TargetPlan.rank_count": 1,
    "BillingTerms.pue": 1.0,
    "Trace.clock": TraceClock(unit="s", basis="the format's", start=None),
    "Trace.format": "wayfare",
    "UtilityParameters.max_latency_list_size": 10,
    "UtilityParameters.ttl_s": 3_600.0,
    "UtilityParameters.willingness_to_pay_usd": 0.01,
    "ThompsonParameters.quality_weight": 0.7,
    "ThompsonParameters.cost_weight": 0.3,
    "ThompsonParameters.gamma": 1.0,
    "ThompsonParameters.prior_mean": 0.5,
    "ThompsonParameters.prior_mass": 10.0,
    "ThompsonParameters.cap": 200.0,
    "UcbParameters.quality_weight": 0.7,
    "UcbParameters.cost_weight": 0.3,
    "UcbParameters.gamma": 1.0,
    "UcbParameters.exploration": 2.0**0.5,
    "Verifier.false_accept_ratio": 0.1,
    "Verifier.false_reject_ratio": 0.1,
    "Verifier.latency_s": 0.2,
    "WeightedScoreParameters.cost_weight": 0.5,
    "WeightedScoreParameters.load_weight": 0.5,
    "WeightedScoreParameters.success_weight": 1.0,
    "_Latencies.forgotten_s": float("inf"),
    "_Latencies.tpot_s": float("nan"),
    "_Latencies.ttft_s": float("nan"),
    "_Latency.forgotten_s": float("inf"),
    "_Observed.per_load": 1.0,
    "_Observed.ttft_s": float("nan"),
    "_Record.cooling_until_s": float("-inf"),
    "_Record.window": -1,
    "IssuedStep.attempt": -1,
    "CostScore.weight": 1.0,
    "KvCeiling.usage_ratio": 0.8,
    "KvRoomScore.weight": 1.0,
    "LoadScore.weight": 1.0,
    "PipelineParameters.picker": "best_score",
    "PipelineParameters.scorers": (
        {"success": {"weight": 1.0}},
        {"cost": {"weight": 0.5}},
        {"load": {"weight": 0.5}},
    ),
    "PipelineParameters.when_empty": "skip",
    "PriceScore.output_share_ratio": 0.25,
    "PriceScore.weight": 1.0,
    "QueueScore.weight": 1.0,
    "RandomScore.weight": 1.0,
    "ScorerPart.weight": 1.0,
    "SessionAffinity.ttl_s": 600.0,
    "SessionAffinity.weight": 1.0,
    "SessionStickiness.ttl_s": 600.0,
    "Softmax.temperature": 0.2,
    "StrengthScore.weight": 1.0,
    "SuccessScore.weight": 1.0,
    "TopKRandom.k": 2,
    "SessionPast.last": -1,
    "Trip.until_s": float("inf"),
    "_Breaker.half_open_s": float("-inf"),
    "_Breaker.is_closed": True,
    "_Record.counter_ends_s": float("-inf"),
}
"""Defaults that are something: factors of one, and what is usual."""


def classes():
    """The dataclasses of the packages, by where they are defined."""
    for package in map(importlib.import_module, PACKAGES):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            module = importlib.import_module(found.name)
            for kind in vars(module).values():
                if isinstance(kind, type) and is_dataclass(kind) and kind.__module__ == module.__name__:
                    yield kind


def is_neutral(value: object) -> bool:
    """Whether a value says nothing: none, no, zero, empty."""
    return not value


def test_what_nobody_states_is_nothing() -> None:
    """Every default of plain data is none, no, zero or empty, but for those that are known to be usual."""
    found = {
        f"{kind.__name__}.{field.name}": field.default
        for kind in classes()
        for field in fields(kind)
        if field.default is not MISSING and not is_neutral(field.default)
    }
    assert {name: repr(value) for name, value in found.items()} == {
        name: repr(value) for name, value in EXCEPTIONS.items()
    }
