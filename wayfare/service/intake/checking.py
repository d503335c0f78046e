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
from wayfare.service.intake.scenarios import WIRE, ScenarioIntake
from wayfare.service.processes import limit_memory
from wayfare.service.submission import AcceptedScenario
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
class InvalidScenario:
    """The scenario cannot run."""

    problems: tuple[InputProblem, ...]


@dataclass(frozen=True, slots=True)
class OutOfMemory:
    """The scenario needs more memory than checking may take; the process is to be replaced."""


@dataclass(frozen=True, slots=True)
class CheckFailed:
    """Checking itself failed."""

    error: str


CheckResult = AcceptedScenario | InvalidScenario | OutOfMemory | CheckFailed


def check_all(pipe: Connection, intake: ScenarioIntake) -> None:
    """Checks what is sent until nobody sends any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    limit_memory(SPARE_BYTES)
    with suppress(EOFError, OSError):
        while True:
            pipe.send(answer(intake, pipe.recv()))


def answer(intake: ScenarioIntake, check: CheckRequest) -> CheckResult:
    """What there is to say of a scenario; never an error."""
    try:
        request = pb.CreateRunRequest.FromString(check.request)
        return intake.checked(check.tenant, request, check.policies, check.replications)
    except InvalidScenarioError as error:
        return InvalidScenario(error.problems)
    except RouterError as error:
        return InvalidScenario((InputProblem(WIRE, "router", str(error)),))
    except MemoryError:
        return OutOfMemory()
    except Exception as error:
        LOG.exception("a scenario could not be checked")
        return CheckFailed(f"{type(error).__name__}: {error}")
