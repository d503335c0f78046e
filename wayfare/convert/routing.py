"""A live router's answers as messages: what to do next, and how it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.steps import (
    AttemptKind,
    Await,
    Cancel,
    EventKind,
    Fail,
    Finish,
    Follow,
    Sleep,
    Start,
    Step,
    TurnAway,
    Verify,
)
from wayfare.convert.decision import verifier_message
from wayfare.v1 import routing_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router.views.fleet import FleetView, Target

KINDS = {kind: f"KIND_{kind.name}" for kind in AttemptKind}


def step_message(step: Step, attempt: int, targets: Sequence[Target], now_s: float) -> pb.RouterStep:
    """A step as a message; `attempt` is the number of the attempt that a start begins."""
    match step:
        case Start():
            name, kind = targets[step.target].name, KINDS[step.kind]
            return pb.RouterStep(start=pb.RouterStep.Start(attempt=attempt, target=name, kind=kind))
        case Cancel():
            return pb.RouterStep(cancel=pb.RouterStep.Cancel(attempt=step.handle))
        case Follow():
            return pb.RouterStep(wait=pb.RouterStep.Wait(attempts=(step.handle,)))
        case Await():
            return pb.RouterStep(wait=wait_message(step, now_s))
        case Sleep():
            within_s = max(step.until_s - now_s, 0.0)
            return pb.RouterStep(sleep=pb.RouterStep.Sleep(until_s=step.until_s, within_s=within_s))
    return judging_message(step)


def wait_message(step: Await, now_s: float) -> pb.RouterStep.Wait:
    """A wait, with its timer where it has one."""
    wait = pb.RouterStep.Wait(attempts=step.handles, first_token=bool(step.interest & EventKind.FIRST_TOKEN))
    if step.until_s is not None:
        wait.until_s = step.until_s
        wait.within_s = max(step.until_s - now_s, 0.0)
    return wait


def judging_message(step: Step) -> pb.RouterStep:
    """A step that judges an answer, or ends its request.

    Raises:
        TypeError: it is another one.
    """
    match step:
        case Verify():
            verifier = verifier_message(step.verifier)
            return pb.RouterStep(verify=pb.RouterStep.Verify(attempt=step.handle, verifier=verifier))
        case Finish():
            return pb.RouterStep(finish=pb.RouterStep.Finish(attempt=step.handle))
        case Fail():
            return pb.RouterStep(fail=pb.RouterStep.Fail(reason=step.reason))
        case TurnAway():
            return pb.RouterStep(turn_away=pb.RouterStep.TurnAway(reason=step.reason))
    raise TypeError(f"no message for {step!r}")


def load_messages(fleet: FleetView) -> list[pb.TargetLoad]:
    """The loads of all targets."""
    return [
        pb.TargetLoad(
            target=target.name,
            outstanding=fleet.outstanding.item(target.index),
            waiting=fleet.waiting.item(target.index),
            running=fleet.running.item(target.index),
            kv_usage_ratio=fleet.kv_usage_ratio.item(target.index),
        )
        for target in fleet.targets
    ]
