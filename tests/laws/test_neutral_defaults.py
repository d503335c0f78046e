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
    "CascadeParameters.false_accept_ratio": 0.1,
    "CascadeParameters.false_reject_ratio": 0.1,
    "CascadeParameters.latency_s": 0.2,
    "CheapestCapableParameters.floor": 0.7,
    "TaskDifficulty.sd": 1.0,
    "EdgeFirstParameters.floor": 0.6,
    "EdgeFirstParameters.local_tier": "edge",
    "EdgeFirstParameters.overflow_outstanding": 2.0,
    "Event.retry_after_s": float("nan"),
    "ExpectedCostParameters.length": "usual",
    "FailureClass.counted": True,
    "FailureClass.retried": True,
    "HedgeParameters.after_s": 1.0,
    "HedgeParameters.share_ratio": 1.0,
    "Incident.factor": 1.0,
    "LeastOutstandingParameters.ties": "lowest_index",
    "LowestLatencyParameters.max_latency_list_size": 10,
    "LowestLatencyParameters.measure": "s_per_token",
    "LowestLatencyParameters.ttl_s": 3_600.0,
    "Metering.counts_cached": True,
    "Metering.step_tokens": 1,
    "OutcomeReading.coverage": "common",
    "OutcomeReading.score_scale": "none",
    "Outcome.started_s": float("nan"),
    "PowerOfTwoParameters.choices": 2,
    "PromptLengthParameters.threshold_token_count": 500,
    "RecordedColumns.prefix_block_tokens": 512,
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
    "SpillOverParameters.measure": "outstanding",
    "SpillOverParameters.spill_threshold": 4.0,
    "Target.replica_count": 1,
    "TargetPlan.queue_count": 1,
    "TargetPlan.rank_count": 1,
    "BillingTerms.pue": 1.0,
    "Trace.clock": TraceClock(unit="s", basis="the format's", start=None),
    "Trace.format": "wayfare",
    "Verifier.false_accept_ratio": 0.1,
    "Verifier.false_reject_ratio": 0.1,
    "Verifier.latency_s": 0.2,
    "Weighted.weight": 1.0,
    "WeightedScoreParameters.cost_weight": 0.5,
    "WeightedScoreParameters.load_weight": 0.5,
    "WeightedScoreParameters.success_weight": 1.0,
    "_Record.cooling_until_s": float("-inf"),
    "_Record.last_failure_s": float("-inf"),
    "_Record.window": -1,
    "IssuedStep.attempt": -1,
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
