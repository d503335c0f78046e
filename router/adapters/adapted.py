"""Makes a policy of another library's class or object: its own arguments and the adapter's knobs together."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING

from router.arguments import argument_problems, describe_arguments, named_arguments
from router.errors import InvalidPolicyParameterError, PolicyLoadError
from router.factory import PolicyDescription
from router.parameters import describe_parameters, read_parameters

if TYPE_CHECKING:
    from collections.abc import Mapping

    from router.adapters.table import Adapter
    from router.policy import Policy


@dataclass(frozen=True, slots=True)
class AdaptedPolicy:
    """How to make a policy of a class, or of an object, with an adapter's method; see `PolicyFactory`."""

    found: object
    adapter: Adapter

    def __post_init__(self) -> None:
        """Holds only what every run can begin anew with, under parameters that mean one thing.

        Raises:
            PolicyLoadError: it is an object that learns, or its arguments are named as the adapter's knobs.
        """
        if self.adapter.learns and not isinstance(self.found, type):
            raise PolicyLoadError(
                f"an object of {type(self.found).__name__!r} learns; every run needs a new one: name a class"
            )
        shared = sorted({*self._arguments()} & {*self._knobs()})
        if shared:
            names = ", ".join(map(repr, shared))
            raise PolicyLoadError(f"the constructor takes {names}, knobs of the adapter as well: rename them")

    def make(self, values: Mapping[str, object]) -> Policy:
        """A new policy around a new router, or around the object.

        Raises:
            InvalidPolicyParameterError: lists every parameter that is wrong.
            PolicyLoadError: the constructor raised; chained.
        """
        own = {name: value for name, value in values.items() if name in self._arguments()}
        knobs = {name: value for name, value in values.items() if name in self._knobs()}
        problems = self._problems(values)
        try:
            parameters: object = read_parameters(self.adapter.parameters, knobs)
        except InvalidPolicyParameterError as error:
            raise InvalidPolicyParameterError((*problems, *error.problems)) from None
        if problems:
            raise InvalidPolicyParameterError(problems)
        return self.adapter.policy(self._router(own), parameters)

    def describe(self, name: str) -> PolicyDescription:
        """What there is to say about the object and its adapter."""
        own = describe_arguments(self.found) if isinstance(self.found, type) else ()
        contract = (inspect.getdoc(self.found), inspect.getdoc(self.adapter.policy))
        return PolicyDescription(
            name=name,
            contract="\n\n".join(text for text in contract if text),
            parameters=(*own, *describe_parameters(self.adapter.parameters)),
            oracle=False,
            baseline=False,
        )

    def _router(self, own: Mapping[str, object]) -> object:
        """The object that decides."""
        if not isinstance(self.found, type):
            return self.found
        try:
            return self.found(**own)
        except Exception as error:
            message = f"{self.found.__name__!r} cannot be made: {type(error).__name__}: {error}"
            raise PolicyLoadError(message) from error

    def _problems(self, values: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
        """What is wrong with the parameters' names."""
        made_by = self.found if isinstance(self.found, type) else object
        return argument_problems(made_by, values, tuple(self._knobs()))

    def _arguments(self) -> tuple[str, ...]:
        """Names of the constructor's arguments; an object has been made already."""
        return tuple(named_arguments(self.found)) if isinstance(self.found, type) else ()

    def _knobs(self) -> tuple[str, ...]:
        """Names of the adapter's knobs."""
        return tuple(one.name for one in describe_parameters(self.adapter.parameters))
