"""The process that hosts a gateway, and the loop, order and source around it; LiteLLM is not needed."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from router import PolicyLoadError, describe_policy
from wayfare.litellm import source
from wayfare.litellm.child import ENVIRONMENT, Child, GatewayProcess
from wayfare.litellm.errors import HostedGatewayError
from wayfare.litellm.hosted.virtual_loop import REQUEST, VirtualLoop

FAKE = (sys.executable, str(Path(__file__).with_name("fake_child.py")))


def started(does: str) -> GatewayProcess:
    """A process that answers as it is told to."""
    return GatewayProcess({"does": does}, FAKE)


def test_messages_and_answers_cross_the_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked arrives whole; the process sees neither the user's environment nor his folder."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy")
    process = started("echo")
    reply = process.ask("arrive", 3, 1.25, prompt=7)
    process.end()
    assert reply["said"] == {"kind": "arrive", "request": 3, "now_s": 1.25, "prompt": 7}
    allowed = {"PATH", "PYTHONPATH", "LC_CTYPE", *ENVIRONMENT}
    assert set(reply["environment"]) <= allowed
    assert reply["cwd"] != str(Path.cwd())
    assert not Path(reply["cwd"]).exists()


def test_what_a_process_refuses_is_told_in_its_words() -> None:
    """A gateway that cannot be made says why."""
    with pytest.raises(HostedGatewayError, match="no such strategy"):
        started("refuse")


def test_a_process_that_dies_leaves_its_last_words() -> None:
    """The end of what it printed is in the message; ending it twice is no fault."""
    process = started("die")
    with pytest.raises(HostedGatewayError, match="the last word"):
        process.ask("arrive", 0, 0.0)
    process.end()
    process.end()
    assert isinstance(process._process, Child)
    assert process._process.popen.returncode == 3


class Recorded(VirtualLoop):
    """A loop that keeps the instants it jumped to."""

    jumps: list


@pytest.fixture
def loop():
    """A loop and the instants it jumped to."""
    jumps = []
    made = Recorded(jumps.append)
    made.jumps = jumps
    yield made
    made.close()


def test_a_loop_jumps_from_timer_to_timer_up_to_the_instant(loop: Recorded) -> None:
    """Sleeps end at their own instants, none beyond the instant, and the clock stands there."""
    seen = []

    async def sleeper() -> None:
        for _ in range(4):
            await asyncio.sleep(1.5)
            seen.append(loop.time())

    task = loop.create_task(sleeper())
    loop.advance(4.6)
    assert seen == [1.5, 3.0, 4.5]
    assert loop.time() == 4.6
    assert loop.jumps == sorted(loop.jumps)
    loop.advance(2.0)
    assert loop.time() == 4.6
    loop.advance(6.0)
    assert (seen[-1], task.done()) == (6.0, True)


def test_a_timer_belongs_to_the_request_that_set_it(loop: VirtualLoop) -> None:
    """The next timer of a request is its own; cancelled ones and those that fired do not count."""

    async def within(request: int, *delays_s: float) -> None:
        REQUEST.set(request)
        await asyncio.gather(*(asyncio.sleep(delay_s) for delay_s in delays_s))

    tasks = [loop.create_task(within(1, 2.0, 5.0)), loop.create_task(within(2, 3.0))]
    loop.advance(0.0)
    assert (loop.next_timer_s(1), loop.next_timer_s(2), loop.next_timer_s(3)) == (2.0, 3.0, None)
    loop.advance(2.0)
    assert loop.next_timer_s(1) == 5.0
    tasks[0].cancel()
    loop.advance(2.0)
    assert (loop.next_timer_s(1), loop.next_timer_s(2)) == (None, 3.0)
    loop.forget(2)
    assert loop.next_timer_s(2) is None
    loop.advance(3.0)


def test_work_for_threads_is_done_at_once(loop: VirtualLoop) -> None:
    """What is given to an executor is finished before time goes on, errors included."""

    async def work() -> list[object]:
        begun_s = loop.time()
        value = await loop.run_in_executor(None, len, "four")
        with pytest.raises(ZeroDivisionError):
            await asyncio.to_thread(divmod, 1, 0)
        return [value, loop.time() - begun_s]

    assert loop.run_until_complete(work()) == [4, 0.0]


ORDER = """
import socket, threading
from concurrent.futures import ThreadPoolExecutor
from wayfare.litellm.hosted.order import forbid_network, forbid_threads
told = []
forbid_network(told.append)
forbid_threads()
connect = lambda: socket.create_connection(("127.0.0.1", 9))
for use in (connect, lambda: socket.getaddrinfo("example.com", 80)):
    try:
        use()
    except RuntimeError as error:
        assert "the network was used" in str(error)
    else:
        raise AssertionError
assert len(told) == 2, told
names = []
thread = threading.Thread(target=lambda: names.append(threading.current_thread().name))
thread.start()
with ThreadPoolExecutor() as pool:
    assert pool.submit(divmod, 7, 2).result() == (3, 1)
    assert isinstance(pool.submit(divmod, 7, 0).exception(), ZeroDivisionError)
    pool.submit(lambda: names.append(threading.current_thread().name))
assert names == ["MainThread", "MainThread"], names
"""


def test_the_network_is_refused_and_threads_are_none() -> None:
    """Connecting and looking names up fail and are told; threads and executors work in the main thread."""
    subprocess.run([sys.executable, "-c", ORDER], check=True)


def test_without_litellm_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """A policy `litellm:…` is refused with the command that helps."""
    monkeypatch.setattr(source, "installed", lambda name: None)
    with pytest.raises(PolicyLoadError, match=r"pip install 'wayfare\[litellm\]'"):
        describe_policy("litellm:config.yaml")


def test_a_version_that_was_tampered_with_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """1.107.0 is never run, others are; policies are described with their parameters."""
    monkeypatch.setattr(source, "installed", lambda name: "1.107.0")
    with pytest.raises(PolicyLoadError, match="1.107.0 is refused"):
        describe_policy("litellm:config.yaml")
    monkeypatch.setattr(source, "installed", lambda name: "1.100.5")
    described = describe_policy("litellm:config.yaml")
    assert "unmodified" in described.summary
    assert {one.name for one in described.parameters} >= {"group", "ignore_unsupported", "epoch_s"}
