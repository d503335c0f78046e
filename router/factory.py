"""What a table of policies holds: how to make one, and what there is to say of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from router.parameters import ParameterDescription
    from router.policy import Policy, StepPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyDescription:
    """A policy as documentation shows it; `source` is where its rule comes from, "" where nobody's."""

    name: str
    contract: str
    parameters: tuple[ParameterDescription, ...]
    oracle: bool
    baseline: bool
    source: str = ""

    @property
    def summary(self) -> str:
        """The first line of the contract."""
        return self.contract.partition("\n")[0]


class PolicyFactory(Protocol):
    """How to make and to describe one policy."""

    def make(self, values: Mapping[str, object]) -> Policy | StepPolicy:
        """A new policy with these parameters.

        Raises:
            InvalidPolicyParameterError: lists every parameter that is wrong.
        """
        ...

    def describe(self, name: str) -> PolicyDescription:
        """What there is to say about the policy under this name."""
        ...
