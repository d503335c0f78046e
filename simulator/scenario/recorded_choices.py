"""What the logs that a scenario plays name, and what keeps a policy from replaying them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.errors import InvalidPolicyParameterError
from router.policy import ReplayPolicy, replays_log
from simulator.arrivals import TraceArrivals

if TYPE_CHECKING:
    from router.policy import Policy, StepPolicy
    from simulator.settings.scenario import Scenario

    Names = tuple[str, ...]


def logged_choices(scenario: Scenario) -> tuple[Names, ...]:
    """The different choices in the logs that the scenario's streams play, in their order.

    Raises:
        InvalidTraceError: a log cannot be used.
    """
    traces = [
        entry.arrivals.trace() for entry in scenario.streams if isinstance(entry.arrivals, TraceArrivals)
    ]
    logs = [trace.logged for trace in traces if trace.logged is not None]
    return tuple(dict.fromkeys(names for log in logs for names in log.choices() if names))


def replay_problems(scenario: Scenario, policy: Policy | StepPolicy) -> tuple[tuple[str, str], ...]:
    """Why a policy cannot replay the scenario's logs, by parameter; nothing of a policy that replays none.

    Raises:
        InvalidTraceError: a log cannot be used.
    """
    if not (replays_log(policy) and isinstance(policy, ReplayPolicy)):
        return ()
    models = {entry.name: entry.model for entry in scenario.fleet}
    return tuple(policy.replay_problems(logged_choices(scenario), models))


def demand_replayable(scenario: Scenario, policy: Policy | StepPolicy) -> None:
    """Refuses a replay of choices that the fleet does not have.

    Raises:
        InvalidPolicyParameterError: lists them, and how to map them.
    """
    problems = replay_problems(scenario, policy)
    if problems:
        raise InvalidPolicyParameterError(problems)
