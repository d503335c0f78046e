"""The gRPC face against hand-written ports: what it asks of the rooms, and of which tenant's runs."""

import asyncio
from dataclasses import replace

import grpc
import pytest

from wayfare.service.errors import RefusedError
from wayfare.service.limits import TenantQuotas
from wayfare.service.rpc.access import Access
from wayfare.service.rpc.simulation import SimulationServicer
from wayfare.storage.store import RunRecord, RunState
from wayfare.v1 import simulation_pb2 as pb

RUN = RunRecord(
    run_id="one", tenant="red", scenario="s", scenario_json="{}", policies=("p",), created_s=1.0, sequence=4
)
TENANTS = {"red-token": "red", "blue-token": "blue"}


class Runs:
    """The ports of runs and store: the runs it was given, those under way among them."""

    is_stopping = False

    def __init__(self, *records, active=()):
        self.records = {record.run_id: record for record in records}
        self.active = {record.run_id: record for record in active}
        self.cancelled, self.removed = [], []

    def get(self, run_id):
        """As the store has it."""
        return self.records.get(run_id)

    def live(self, run_id):
        """As it stands."""
        return self.active.get(run_id)

    async def cancel(self, record):
        """Notes that it was asked to."""
        self.cancelled.append(record.run_id)
        return replace(record, state=RunState.CANCELLED)

    async def remove(self, run_id):
        """Notes that it was asked to."""
        self.removed.append(run_id)


class Context:
    """A call with a token; the status it ends with is raised."""

    def __init__(self, token):
        self.token = token

    def invocation_metadata(self):
        """The token."""
        return (("authorization", f"Bearer {self.token}"),)

    async def abort_with_status(self, status):
        """Ends the call."""
        raise RefusedError(status.code, status.details)


def answer(runs, method, request, caller="red-token"):
    """What a servicer in front of these runs answers."""
    servicer = SimulationServicer(
        access=Access(tokens=TENANTS),
        acceptance=None,
        uploads=None,
        active=runs,
        archive=runs,
        results=runs,
        limits=TenantQuotas(),
    )
    return asyncio.run(getattr(servicer, method)(request, Context(caller)))


def test_a_run_under_way_is_shown_as_it_stands():
    """What the scheduler knows goes before what the store has."""
    running = replace(RUN, state=RunState.RUNNING, progress_ratio=0.5)
    found = answer(Runs(RUN, active=[running]), "GetRun", pb.GetRunRequest(run_id="one"))
    assert (found.state, found.progress_ratio) == (pb.Run.STATE_RUNNING, 0.5)


@pytest.mark.parametrize(("token", "run_id"), [("blue-token", "one"), ("red-token", "two")])
def test_other_tenants_runs_do_not_exist(token, run_id):
    """Another tenant's run is as unknown as one that never was; nothing is stopped."""
    runs = Runs(RUN, active=[RUN])
    with pytest.raises(RefusedError) as caught:
        answer(runs, "CancelRun", pb.CancelRunRequest(run_id=run_id), token)
    assert caught.value.code is grpc.StatusCode.NOT_FOUND
    assert runs.cancelled == []


def test_runs_are_cancelled_while_they_are_under_way_only():
    """A run that is over stays as it is, and nobody is asked to stop it."""
    over = replace(RUN, state=RunState.SUCCEEDED)
    for record, asked in ((RUN, ["one"]), (over, [])):
        runs = Runs(record)
        answer(runs, "CancelRun", pb.CancelRunRequest(run_id="one"))
        assert runs.cancelled == asked


def test_only_runs_that_are_over_are_removed():
    """A run under way is refused, one that is over is removed with its results."""
    with pytest.raises(RefusedError) as caught:
        answer(Runs(RUN), "DeleteRun", pb.DeleteRunRequest(run_id="one"))
    assert caught.value.code is grpc.StatusCode.FAILED_PRECONDITION
    runs = Runs(replace(RUN, state=RunState.FAILED))
    answer(runs, "DeleteRun", pb.DeleteRunRequest(run_id="one"))
    assert runs.removed == ["one"]
