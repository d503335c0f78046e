"""A run that a caller asks for, and the checked scenario it may run with."""

from __future__ import annotations

import hashlib
import time
import uuid
from dataclasses import dataclass

from wayfare.storage.store import RunRecord
from wayfare.v1 import simulation_pb2 as pb


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedScenario:
    """A scenario that may run: `scenario_json` is the plain data it can be loaded from again."""

    scenario: str
    policy: str
    scenario_json: str
    request_count: int
    target_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What a caller asked for; a comparison where `replications` is not 0."""

    tenant: str
    request: pb.CreateRunRequest
    policies: tuple[str, ...]
    replications: int
    confidence: float

    def digest(self) -> str:
        """SHA-256 of all that was asked, but for the request id."""
        bare = pb.CreateRunRequest()
        bare.CopyFrom(self.request)
        bare.ClearField("request_id")
        more = repr((self.policies, self.replications, self.confidence)).encode()
        return hashlib.sha256(bare.SerializeToString(deterministic=True) + more).hexdigest()

    def record(self, checked: AcceptedScenario) -> RunRecord:
        """The run that comes of it; one that is only validated has no id."""
        return RunRecord(
            run_id="" if self.request.validate_only else uuid.uuid4().hex,
            tenant=self.tenant,
            scenario=checked.scenario,
            scenario_json=checked.scenario_json,
            policies=self.policies or (checked.policy,),
            replications=self.replications,
            confidence=self.confidence,
            labels=dict(self.request.labels),
            request_id=self.request.request_id,
            request_digest=self.digest() if self.request.request_id else "",
            request_count=checked.request_count,
            rerun_if_interrupted=self.request.rerun_if_interrupted,
            created_s=time.time(),
            sequence=1,
        )
