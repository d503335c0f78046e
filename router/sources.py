"""Where policies come from that no table lists: a source for each scheme, as `scheme:where`.

Installed packages bring sources through entry points, so that every process finds them, workers
of a pool included, and the router knows none of them.
"""

from __future__ import annotations

import re
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Protocol, cast

from router.errors import PolicyLoadError, UnknownPolicyError

if TYPE_CHECKING:
    from router.factory import PolicyFactory

SOURCE_GROUP = "wayfare.policy_sources"
SPEC = re.compile(r"([a-z][a-z0-9+-]+):\S+")


class PolicySource(Protocol):
    """Finds policies by texts of one scheme; what an entry point of `wayfare.policy_sources` names."""

    def __call__(self, spec: str) -> PolicyFactory:
        """How to make the policy that the text, its scheme included, stands for.

        Raises:
            PolicyLoadError: the text cannot stand for a policy.
        """
        ...


def scheme_of(text: str) -> str | None:
    """The scheme of a text such as `grpc://host:port`; `None` where it has none."""
    found = SPEC.fullmatch(text)
    return found[1] if found else None


def source_of(spec: str) -> PolicySource:
    """The source of a text's scheme.

    Raises:
        UnknownPolicyError: there is no source for the scheme; lists those there are.
        PolicyLoadError: its entry point cannot be loaded; the cause is chained.
    """
    sources, scheme = _sources(), scheme_of(spec) or ""
    if scheme not in sources:
        known = ", ".join(repr(name) for name in sorted(sources)) or "none"
        raise UnknownPolicyError(f"unknown policy {spec!r}: no source {scheme!r}; known sources: {known}")
    entry = sources[scheme]
    try:
        return cast("PolicySource", entry.load())
    except Exception as error:
        message = f"policy source {entry.name!r} = {entry.value!r} cannot be loaded: {error}"
        raise PolicyLoadError(message) from error


def _sources() -> dict[str, EntryPoint]:
    """Entry points of the group by scheme."""
    return {entry.name: entry for entry in entry_points(group=SOURCE_GROUP)}
