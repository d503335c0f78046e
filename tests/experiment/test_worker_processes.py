"""What a worker process is told at its start: whom it lives by, and what it must not run."""

from __future__ import annotations

import os
import signal
import sys
import time
from multiprocessing import get_context
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from simulator.experiment.workers import live_by, script_hidden, worker_pool

if TYPE_CHECKING:
    from collections.abc import Iterator


def test_workers_start_without_the_callers_script() -> None:
    """While one starts another module stands in its place; afterwards, errors too, it is there again."""
    script = sys.modules["__main__"]
    with script_hidden():
        hidden = sys.modules["__main__"]
        assert isinstance(hidden, ModuleType)
        assert hidden is not script
        assert hidden.__name__ == "__main__"
        assert not hasattr(hidden, "__file__")
    assert sys.modules["__main__"] is script
    with pytest.raises(RuntimeError), script_hidden():
        raise RuntimeError
    assert sys.modules["__main__"] is script


def test_a_worker_that_has_nothing_to_do_ends_though_its_lifeline_holds() -> None:
    """What listens to the line keeps no process alive."""
    context = get_context("fork")
    theirs, ours = context.Pipe(duplex=False)
    process = context.Process(target=live_by, args=(theirs,))
    process.start()
    process.join(20.0)
    alive = process.is_alive()
    process.kill()
    ours.close()
    assert not alive
    assert process.exitcode == 0


def paused(theirs: Any, ours: Any, ready: Any) -> None:
    """A worker in the middle of something."""
    ours.close()
    live_by(theirs)
    ready.set()
    try:
        signal.pause()
    except KeyboardInterrupt:
        os._exit(7)


def test_a_busy_worker_ends_with_its_lifeline_and_not_by_a_ctrl_c() -> None:
    """The interrupt is for whoever started it; the end of the line ends it with 1."""
    context = get_context("fork")
    theirs, ours = context.Pipe(duplex=False)
    ready = context.Event()
    process = context.Process(target=paused, args=(theirs, ours, ready))
    process.start()
    assert ready.wait(20.0)
    os.kill(process.pid, signal.SIGINT)
    process.join(0.2)
    assert process.exitcode is None
    ours.close()
    process.join(20.0)
    assert process.exitcode == 1


def too_late(_number: int, _frame: Any) -> None:
    """Ends a test that waits for ever."""
    message = "somebody waits for what is no longer wanted"
    raise TimeoutError(message)


@pytest.fixture
def deadline() -> Iterator[None]:
    """Half a minute for a test that may hang."""
    before = signal.signal(signal.SIGALRM, too_late)
    signal.setitimer(signal.ITIMER_REAL, 30.0)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0.0)
    signal.signal(signal.SIGALRM, before)


def failing() -> None:
    """Fails while a worker is in the middle of something."""
    with worker_pool(1) as pool:
        assert pool.submit(abs, -1).result() == 1
        pool.submit(signal.pause)
        message = "enough"
        raise RuntimeError(message)


@pytest.mark.usefixtures("deadline")
def test_an_error_ends_workers_that_are_busy() -> None:
    """Nobody waits for what is no longer wanted."""
    with pytest.raises(RuntimeError, match="enough"):
        failing()


@pytest.mark.usefixtures("deadline")
def test_a_pool_works_elsewhere_and_cancels_what_nobody_waited_for() -> None:
    """Tasks run in other processes; those that have not begun when the block ends never do."""
    with worker_pool(1) as pool:
        assert pool.submit(os.getpid).result() != os.getpid()
        slow = [pool.submit(time.sleep, 0.2) for _ in range(40)]
    assert any(one.cancelled() for one in slow)
    assert all(one.done() for one in slow)
