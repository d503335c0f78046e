"""The table of policies: names to classes, parameters checked, plug-ins and files loaded."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from catalogs.near_names import unknown_name
from router.adapters.adapted import AdaptedPolicy
from router.adapters.table import ADAPTED_METHODS, adapter_of
from router.arguments import argument_problems, describe_arguments
from router.errors import InvalidPolicyParameterError, PolicyLoadError, UnknownPolicyError
from router.factory import PolicyDescription, PolicyFactory
from router.parameters import ParameterDescription, describe_parameters, read_parameters
from router.pipeline.cleanest import CarbonParameters
from router.policies.adversarial_delay import AdversarialDelay, AdversarialDelayParameters
from router.policies.always_busiest import AlwaysBusiest
from router.policies.always_cheapest import AlwaysCheapest
from router.policies.always_strongest import AlwaysStrongest
from router.policies.best_quality import BestQuality
from router.policies.budget_cap import BudgetCap, BudgetCapParameters
from router.policies.budget_pacing import BudgetPacing, BudgetPacingParameters
from router.policies.budgeted_oracle import BudgetedOracle, BudgetedOracleParameters
from router.policies.cache_regret import CacheRegret, CacheRegretParameters
from router.policies.carbon_aware import CarbonAware
from router.policies.carbon_deferral import CarbonDeferral, CarbonDeferralParameters
from router.policies.cascade import CascadeParameters, CascadePolicy
from router.policies.cheapest_capable import CheapestCapable, CheapestCapableParameters
from router.policies.confidence_cascade import ConfidenceCascade, ConfidenceCascadeParameters
from router.policies.consistent_hash import ConsistentHash, ConsistentHashParameters
from router.policies.domain_rule import DomainRuleParameters, DomainRulePolicy
from router.policies.edge_first import EdgeFirst, EdgeFirstParameters
from router.policies.epsilon_greedy import EpsilonGreedy, EpsilonGreedyParameters
from router.policies.expected_cost import ExpectedCost, ExpectedCostParameters
from router.policies.flapping import Flapping, FlappingParameters
from router.policies.hedge import Hedge, HedgeParameters
from router.policies.least_outstanding import LeastOutstanding, LeastOutstandingParameters
from router.policies.linucb import LinUcb, LinUcbParameters
from router.policies.lowest_latency import LowestLatency, LowestLatencyParameters
from router.policies.lowest_price import LowestPrice
from router.policies.marginal_energy import MarginalEnergy
from router.policies.multi_factor import MultiFactor, MultiFactorParameters
from router.policies.oracle import Oracle
from router.policies.pipeline import PipelineParameters, PipelinePolicy
from router.policies.power_of_two import PowerOfTwo, PowerOfTwoParameters
from router.policies.prefix_affinity import PrefixAffinity, PrefixAffinityParameters
from router.policies.prompt_length import PromptLength, PromptLengthParameters
from router.policies.race import Race, RaceParameters
from router.policies.random_mix import RandomMix, RandomMixParameters
from router.policies.recorded import Recorded, RecordedParameters
from router.policies.round_robin import RoundRobin, RoundRobinParameters
from router.policies.score_threshold import ScoreThreshold, ScoreThresholdParameters
from router.policies.session_stickiness import SessionStickiness, SessionStickinessParameters
from router.policies.slo_headroom import SloHeadroom, SloHeadroomParameters
from router.policies.spill_over import SpillOver, SpillOverParameters
from router.policies.static import Static, StaticParameters
from router.policies.thompson import Thompson, ThompsonParameters
from router.policies.ucb import Ucb, UcbParameters
from router.policies.usage_based import UsageBased, UsageBasedParameters
from router.policies.utility import Utility, UtilityParameters
from router.policies.weighted_score import WeightedScore, WeightedScoreParameters
from router.policies.weighted_shuffle import WeightedShuffle
from router.policy import Policy, StepPolicy
from router.source_file import is_file_spec, load_class
from router.sources import scheme_of, source_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ENTRY_POINT_GROUP = "wayfare.policies"
BASELINES = ("always_cheapest", "always_strongest", "random_mix", "oracle")
"""Policies that every comparison includes."""

P = TypeVar("P")


@dataclass(frozen=True, slots=True)
class ParameterisedPolicy(Generic[P]):
    """A policy class whose parameters are a dataclass."""

    policy: Callable[[P], Policy | StepPolicy]
    parameters: type[P]

    def make(self, values: Mapping[str, object]) -> Policy | StepPolicy:
        """A new policy; see `PolicyFactory`."""
        return self.policy(read_parameters(self.parameters, values))

    def describe(self, name: str) -> PolicyDescription:
        """What there is to say about the policy."""
        return _description(name, self.policy, describe_parameters(self.parameters))


@dataclass(frozen=True, slots=True)
class PlainPolicy:
    """A policy class without a parameters dataclass: the arguments of its constructor count."""

    policy: Callable[..., Policy | StepPolicy]

    def make(self, values: Mapping[str, object]) -> Policy | StepPolicy:
        """A new policy; see `PolicyFactory`. Types are the constructor's own matter."""
        problems = argument_problems(self.policy, values)
        if problems:
            raise InvalidPolicyParameterError(problems)
        return self.policy(**values)

    def describe(self, name: str) -> PolicyDescription:
        """What there is to say about the policy."""
        return _description(name, self.policy, describe_arguments(self.policy))


POLICIES: Mapping[str, PolicyFactory] = {
    "adversarial_delay": ParameterisedPolicy(AdversarialDelay, AdversarialDelayParameters),
    "always_busiest": PlainPolicy(AlwaysBusiest),
    "always_cheapest": PlainPolicy(AlwaysCheapest),
    "always_strongest": PlainPolicy(AlwaysStrongest),
    "best_quality": PlainPolicy(BestQuality),
    "budget_cap": ParameterisedPolicy(BudgetCap, BudgetCapParameters),
    "budget_pacing": ParameterisedPolicy(BudgetPacing, BudgetPacingParameters),
    "budgeted_oracle": ParameterisedPolicy(BudgetedOracle, BudgetedOracleParameters),
    "cascade": ParameterisedPolicy(CascadePolicy, CascadeParameters),
    "cheapest_capable": ParameterisedPolicy(CheapestCapable, CheapestCapableParameters),
    "confidence_cascade": ParameterisedPolicy(ConfidenceCascade, ConfidenceCascadeParameters),
    "domain_rule": ParameterisedPolicy(DomainRulePolicy, DomainRuleParameters),
    "cache_regret": ParameterisedPolicy(CacheRegret, CacheRegretParameters),
    "carbon_aware": ParameterisedPolicy(CarbonAware, CarbonParameters),
    "carbon_deferral": ParameterisedPolicy(CarbonDeferral, CarbonDeferralParameters),
    "consistent_hash": ParameterisedPolicy(ConsistentHash, ConsistentHashParameters),
    "edge_first": ParameterisedPolicy(EdgeFirst, EdgeFirstParameters),
    "epsilon_greedy": ParameterisedPolicy(EpsilonGreedy, EpsilonGreedyParameters),
    "expected_cost": ParameterisedPolicy(ExpectedCost, ExpectedCostParameters),
    "flapping": ParameterisedPolicy(Flapping, FlappingParameters),
    "hedge": ParameterisedPolicy(Hedge, HedgeParameters),
    "least_outstanding": ParameterisedPolicy(LeastOutstanding, LeastOutstandingParameters),
    "linucb": ParameterisedPolicy(LinUcb, LinUcbParameters),
    "lowest_latency": ParameterisedPolicy(LowestLatency, LowestLatencyParameters),
    "lowest_price": PlainPolicy(LowestPrice),
    "multi_factor": ParameterisedPolicy(MultiFactor, MultiFactorParameters),
    "marginal_energy": PlainPolicy(MarginalEnergy),
    "oracle": PlainPolicy(Oracle),
    "pipeline": ParameterisedPolicy(PipelinePolicy, PipelineParameters),
    "power_of_two": ParameterisedPolicy(PowerOfTwo, PowerOfTwoParameters),
    "prefix_affinity": ParameterisedPolicy(PrefixAffinity, PrefixAffinityParameters),
    "prompt_length": ParameterisedPolicy(PromptLength, PromptLengthParameters),
    "race": ParameterisedPolicy(Race, RaceParameters),
    "random_mix": ParameterisedPolicy(RandomMix, RandomMixParameters),
    "recorded": ParameterisedPolicy(Recorded, RecordedParameters),
    "round_robin": ParameterisedPolicy(RoundRobin, RoundRobinParameters),
    "score_threshold": ParameterisedPolicy(ScoreThreshold, ScoreThresholdParameters),
    "slo_headroom": ParameterisedPolicy(SloHeadroom, SloHeadroomParameters),
    "session_stickiness": ParameterisedPolicy(SessionStickiness, SessionStickinessParameters),
    "spill_over": ParameterisedPolicy(SpillOver, SpillOverParameters),
    "static": ParameterisedPolicy(Static, StaticParameters),
    "thompson": ParameterisedPolicy(Thompson, ThompsonParameters),
    "ucb": ParameterisedPolicy(Ucb, UcbParameters),
    "usage_based": ParameterisedPolicy(UsageBased, UsageBasedParameters),
    "utility": ParameterisedPolicy(Utility, UtilityParameters),
    "weighted_score": ParameterisedPolicy(WeightedScore, WeightedScoreParameters),
    "weighted_shuffle": PlainPolicy(WeightedShuffle),
}


def policy_names() -> tuple[str, ...]:
    """Names of all policies, those of entry points included, in alphabetical order."""
    return tuple(sorted({*POLICIES, *_plug_ins()}))


def make_policy(name: str, parameters: Mapping[str, object] | None = None) -> Policy | StepPolicy:
    """A new policy by name, from a file as `path/to/file.py:Class`, or from a source as `scheme:where`.

    A name that ships with the router is never taken by an entry point.

    Raises:
        UnknownPolicyError: the name is not registered; lists near matches and all there are.
        PolicyLoadError: its file, source or entry point cannot be loaded.
        InvalidPolicyParameterError: lists every parameter that is unknown or wrong.
    """
    return _checked(name, _factory(name).make(parameters or {}))


def load_policy(spec: str, parameters: Mapping[str, object] | None = None) -> Policy | StepPolicy:
    """A new policy from `path/to/file.py:Class`; raises what `make_policy` does."""
    return _checked(spec, factory_of(_policy_class(spec)).make(parameters or {}))


def describe_policy(name: str) -> PolicyDescription:
    """Contract and parameters of a policy, by whatever `make_policy` takes.

    Raises:
        UnknownPolicyError: the name is not registered.
        PolicyLoadError: its file or entry point cannot be loaded.
    """
    return _factory(name).describe(name)


def factory_of(policy: object) -> PolicyFactory:
    """How to make a policy of any class; its `Parameters`, where it has them, are the dataclass.

    A class or an object of another routing library is given an adapter, by the method it has.

    Raises:
        PolicyLoadError: it is an object that learns, or its arguments are named as the adapter's knobs.
    """
    adapter = adapter_of(policy)
    return (
        _plain_factory(cast("Callable[..., Policy | StepPolicy]", policy))
        if adapter is None
        else AdaptedPolicy(policy, adapter)
    )


def _plain_factory(policy: Callable[..., Policy | StepPolicy]) -> PolicyFactory:
    """How to make a policy of a class of our own interface."""
    declared = getattr(policy, "Parameters", None)
    return PlainPolicy(policy) if declared is None else ParameterisedPolicy(policy, declared)


def _factory(name: str) -> PolicyFactory:
    """The recipe for a name, a file or what a source knows."""
    if name in POLICIES:
        return POLICIES[name]
    if is_file_spec(name):
        return factory_of(_policy_class(name))
    if scheme_of(name) is not None:
        return source_of(name)(name)
    plug_in = _plug_ins().get(name)
    if plug_in is None:
        raise UnknownPolicyError(_unknown(name))
    return factory_of(_loaded(plug_in))


def _policy_class(spec: str) -> object:
    """The class of a file, or another library's object; whether it makes a policy is seen when made."""
    return load_class(spec, "policy", ("route", "steps", *ADAPTED_METHODS), objects=ADAPTED_METHODS)


def _plug_ins() -> dict[str, EntryPoint]:
    """Entry points of the group by name."""
    return {entry.name: entry for entry in entry_points(group=ENTRY_POINT_GROUP)}


def _loaded(entry: EntryPoint) -> Callable[..., Policy | StepPolicy]:
    """The class behind an entry point."""
    try:
        loaded = entry.load()
    except Exception as error:
        message = f"entry point {entry.name!r} = {entry.value!r} cannot be loaded: {error}"
        raise PolicyLoadError(message) from error
    return cast("Callable[..., Policy | StepPolicy]", loaded)


def _checked(name: str, made: object) -> Policy | StepPolicy:
    """The object made, if it is a policy."""
    if adapter_of(made) is not None:
        message = f"{name!r} gives an object of {type(made).__name__!r}, of another library: name its class"
        raise PolicyLoadError(message)
    if isinstance(made, (Policy, StepPolicy)):
        return made
    message = f"{name!r} gives {type(made).__name__!r}, which has neither route nor steps"
    raise PolicyLoadError(message)


def _unknown(name: str) -> str:
    """The text for a name that is not registered."""
    return unknown_name("policy", name, policy_names(), count=3)


def _description(
    name: str, policy: Callable[..., object], parameters: tuple[ParameterDescription, ...]
) -> PolicyDescription:
    """A policy's description from its class."""
    return PolicyDescription(
        name=name,
        contract=inspect.getdoc(policy) or "",
        parameters=parameters,
        oracle=bool(getattr(policy, "oracle", False)),
        baseline=name in BASELINES,
        source=str(getattr(policy, "source", "")),
    )
