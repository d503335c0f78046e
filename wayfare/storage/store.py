"""What is known of a run, and the protocols of those who keep runs and of those who listen to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from contextlib import AbstractContextManager


class RunState(StrEnum):
    """How far a run is."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"

    @property
    def is_over(self) -> bool:
        """Whether nothing will change any more."""
        return self not in (RunState.QUEUED, RunState.RUNNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One run. Instants are seconds since 1970; `scenario_json` is the plain data to load.

    `replications` is 0 for a single run, else it is a comparison of `policies`. `number` counts accepted
    runs from 1 and `ordinal` those of the tenant; the store gives them. `sequence` grows with every
    change. `request_digest` tells what was asked under a `request_id`; `request_count` is how many
    requests it will simulate.
    """

    run_id: str
    tenant: str
    scenario: str
    scenario_json: str = field(repr=False)
    policies: tuple[str, ...]
    replications: int = 0
    confidence: float = 0.95
    labels: Mapping[str, str] = field(default_factory=dict)
    request_id: str = ""
    request_digest: str = ""
    request_count: int = 0
    rerun_if_interrupted: bool = False
    interruption_count: int = 0
    number: int = 0
    ordinal: int = 0
    state: RunState = RunState.QUEUED
    sequence: int = 0
    created_s: float
    started_s: float | None = None
    finished_s: float | None = None
    progress_ratio: float = 0.0
    simulated_s: float = 0.0
    arrived_count: int = 0
    error: str = ""
    digest: str = ""


class DamagedStoreError(Exception):
    """The store's file is damaged: nothing in it can be trusted before it has been examined."""


class RunStore(Protocol):
    """Keeps runs. What was written is on disk, where there is one, when `together` is left.

    Writes come from one thread at a time and happen within `together`; reads come from one thread,
    which may be another, and see what was written when `together` was last left.
    """

    def together(self) -> AbstractContextManager[object]:
        """Writes within are kept all at once, or none where one of them fails."""
        ...

    def add(self, record: RunRecord) -> RunRecord:
        """The record as kept, numbered; the earlier one where tenant and `request_id` are known."""
        ...

    def get(self, run_id: str) -> RunRecord | None:
        """The run of that id, if there is one; FAILED with the reason where its record is damaged."""
        ...

    def asked(self, tenant: str, request_id: str) -> RunRecord | None:
        """The run that a tenant's request id made, if there is one."""
        ...

    def put(self, record: RunRecord) -> None:
        """Keeps a changed run in the place of the one with its id; nothing where it was removed."""
        ...

    def remove(self, run_id: str) -> None:
        """Forgets a run."""
        ...

    def page(
        self, tenant: str, states: Collection[RunState], labels: Mapping[str, str], before: int, size: int
    ) -> Sequence[RunRecord]:
        """A tenant's newest runs with an ordinal below `before`, in those states, with those labels.

        Their `scenario_json` is left out. May be called from any thread.
        """
        ...

    def unfinished(self) -> Sequence[RunRecord]:
        """Runs that wait or run, in the order they were accepted."""
        ...

    def over(self) -> Sequence[tuple[str, float]]:
        """Ids of runs that are over and when they ended, seconds since 1970, oldest first."""
        ...

    def close(self) -> None:
        """Lets go of what the store holds."""
        ...


class RunListener(Protocol):
    """Is called at every change of every run; must be quick and must not raise."""

    def run_changed(self, record: RunRecord) -> None:
        """A run stands so."""
        ...


def has_labels(record: RunRecord, labels: Mapping[str, str]) -> bool:
    """Whether a run carries all the labels."""
    return all(record.labels.get(name) == value for name, value in labels.items())
