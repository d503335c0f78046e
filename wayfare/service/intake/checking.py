"""What the checking process does: one scenario after the other, whatever is in it."""

from __future__ import annotations

import logging
import signal
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalogs.errors import InputProblem
from router.errors import RouterError
from simulator import InvalidScenarioError
from wayfare.service.intake.scenarios import WIRE, AcceptedScenario, Intake
from wayfare.service.runs.processes import limit_memory
from wayfare.v1 import simulation_pb2 as pb

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

LOG = logging.getLogger(__name__)
SPARE_BYTES = 2 * 1024**3
"""Memory that checking may take beside what the process began with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRequest:
    """A `CreateRunRequest` as it came, and what goes with it."""

    tenant: str
    request: bytes
    policies: tuple[str, ...]
    replications: int


@dataclass(frozen=True, slots=True)
class ScenarioInvalid:
    """The scenario cannot run."""

    problems: tuple[InputProblem, ...]


@dataclass(frozen=True, slots=True)
class OutOfMemory:
    """The scenario needs more memory than checking may take; the process is to be replaced."""


@dataclass(frozen=True, slots=True)
class CheckCrashed:
    """Checking itself failed."""

    error: str


Answer = AcceptedScenario | ScenarioInvalid | OutOfMemory | CheckCrashed


def check_all(pipe: Connection, intake: Intake) -> None:
    """Answers questions until the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    limit_memory(SPARE_BYTES)
    with suppress(EOFError, OSError):
        while True:
            pipe.send(answer(intake, pipe.recv()))


def answer(intake: Intake, question: CheckRequest) -> Answer:
    """What there is to say of a scenario; never an error."""
    try:
        request = pb.CreateRunRequest.FromString(question.request)
        return intake.checked(question.tenant, request, question.policies, question.replications)
    except InvalidScenarioError as error:
        return ScenarioInvalid(error.problems)
    except RouterError as error:
        return ScenarioInvalid((InputProblem(WIRE, "router", str(error)),))
    except MemoryError:
        return OutOfMemory()
    except Exception as error:
        LOG.exception("a scenario could not be checked")
        return CheckCrashed(f"{type(error).__name__}: {error}")
