"""What can go wrong in the router, each error also the built-in it is."""

from __future__ import annotations


class RouterError(Exception):
    """Base of every error the router raises."""


class UnknownPolicyError(RouterError, LookupError):
    """A policy name that is not registered."""


class PolicyLoadError(RouterError, ImportError):
    """A policy's file or entry point that cannot be loaded; the cause is chained."""


class InvalidPolicyParameterError(RouterError, ValueError):
    """Policy parameters that are unknown, of the wrong type or out of range; all of them at once.

    `problems` holds one `(parameter, what is wrong and what is allowed)` for each.
    """

    def __init__(self, problems: tuple[tuple[str, str], ...]) -> None:
        """Lists the problems."""
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        """All problems as `parameter: what, allowed`, joined by semicolons."""
        return "; ".join(f"{parameter}: {what}" for parameter, what in self.problems)


class InvalidResilienceError(RouterError, ValueError):
    """A resilience setting that is out of range."""


class UnknownTargetError(RouterError, LookupError):
    """A decision names a target that the fleet does not have."""


class UnknownScoreError(RouterError, LookupError):
    """A router score of that name is not known of the request."""


class InvalidDecisionError(RouterError, ValueError):
    """A decision that cannot be carried out as stated."""


class PolicyFailedError(RouterError, RuntimeError):
    """A policy raised while deciding, or decided what cannot be done.

    The cause is chained; `trace` keeps its traceback as text, so that it survives the way back
    from another process.
    """

    def __init__(self, policy: str, request_index: int, cause: str, trace: str) -> None:
        """Names the policy and the request, and keeps the cause as text."""
        super().__init__(policy, request_index, cause, trace)
        self.policy = policy
        self.request_index = request_index
        self.trace = trace

    def __str__(self) -> str:
        """Which policy failed at which request, and why."""
        return f"policy {self.args[0]!r} failed at request {self.args[1]}: {self.args[2]}"
