"""A serving engine's host as a list of who came: when each is prepared is added up anew each time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oracle.attempt import Attempt
    from simulator.kernel import HostSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One attempt's work for the host: on its request, and behind that on its answer."""

    at_s: float
    request_s: float
    answer_s: float


@dataclass(slots=True, kw_only=True)
class HostLine:
    """One host, which serves in order of arrival and is never idle while it has work."""

    spec: HostSpec
    visits: list[Visit] = field(default_factory=list)

    def prepared_s(self, now_s: float, attempt: Attempt) -> float:
        """When the host is done with an attempt that comes now.

        That is the latest that any busy period which began with an earlier arrival, or begins with
        this one, would let it be: its beginning, all work of those before, this one's request.
        """
        spec = self.spec
        request_s = spec.request_s + spec.token_s * attempt.prompt
        work_s, latest_s = request_s, now_s + request_s
        for visit in reversed(self.visits):
            work_s += visit.request_s + visit.answer_s
            latest_s = max(latest_s, visit.at_s + work_s)
        answer_s = spec.answer_token_s * attempt.output
        self.visits.append(Visit(at_s=now_s, request_s=request_s, answer_s=answer_s))
        return latest_s
