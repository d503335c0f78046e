"""Tries mutants in forks of one process in which everything is loaded, tests included.

A change inside a function takes effect in place: the new code object is put into the function that is
there. What runs on import (constants, defaults, registries, and functions that these call) is imported
anew in the fork, with its tests.
"""

from __future__ import annotations

import functools
import gc
import inspect
import os
import resource
import signal
import sys
import time
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import TYPE_CHECKING

import trials

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pytest
    from sites import Mutant

ROOMY_BYTES = 6 * 2**30
BROKEN = 98
KILLED_BY = 100
"""Exit codes from here on say which test noticed, by its place."""
MOST_NAMED = 140


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a trial; `by` is the test that noticed."""

    trial: trials.Trial
    outcome: str
    spent_s: float
    by: str = ""

    def told(self) -> str:
        """The outcome in a line."""
        mutant = self.trial.mutant
        return f"{self.outcome} {self.spent_s:.1f}s {mutant.path}:{mutant.line} {self.by}"


class Warm:
    """A pytest session, collected, whose items can be run in forks."""

    def __init__(self, session: pytest.Session, imported: set[CodeType]) -> None:
        """Indexes the functions that are loaded; `imported` are codes that ran before any test."""
        self._session = session
        self._items = {item.nodeid: item for item in session.items}
        self._imported = {place_of(code) for code in imported}
        self._functions: dict[tuple[str, str, int], list[FunctionType]] = {}
        self._roots = tuple(str(session.config.rootpath / name) for name in (*trials.UNDER_TEST, "tests"))
        self._caches: list[functools._lru_cache_wrapper] = []
        session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]  # noqa: SLF001  (made once, for all forks)
        gc.collect()
        for found in gc.get_objects():
            if isinstance(found, FunctionType):
                self._functions.setdefault(place_of(found.__code__), []).append(found)
            elif isinstance(found, functools._lru_cache_wrapper):  # noqa: SLF001  (what lru_cache makes)
                self._keep_cache(found)
        gc.freeze()

    def _keep_cache(self, found: functools._lru_cache_wrapper) -> None:
        """A cache of the code under test has to be emptied in forks."""
        file = getattr(getattr(found.__wrapped__, "__code__", None), "co_filename", "")
        if file.startswith(self._roots):
            self._caches.append(found)

    def outcomes(self, planned: Sequence[trials.Trial], jobs: int) -> Iterator[Outcome]:
        """What becomes of each, as it is known; `jobs` processes at a time."""
        waiting, running = list(reversed(planned)), {}
        while waiting or running:
            while waiting and len(running) < jobs:
                trial = waiting.pop()
                running[self._started(trial)] = (trial, time.monotonic())
            yield from ended(running)

    def _started(self, trial: trials.Trial) -> int:
        """The process of a trial, leader of a group of its own."""
        child = os.fork()
        if child:
            return child
        code = BROKEN
        try:
            os.setpgid(0, 0)
            in_place = self._changed(trial)
            code = trials.KILLED_SOMEHOW
            code = self._first_failure(trial) if in_place else trials.run(trial)
        except SyntaxError:
            code = trials.NOT_A_PROGRAM if code == BROKEN else code
        finally:
            os._exit(code)

    def _changed(self, trial: trials.Trial) -> bool:
        """In the fork: puts the change in place, or forgets what was imported and says False."""
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        resource.setrlimit(resource.RLIMIT_AS, (ROOMY_BYTES, ROOMY_BYTES))
        changed = changed_codes(trial.mutant)
        if changed is None or not all(self._put(*pair) for pair in changed):
            limit_cpu(trial.limit_s)
            trials.forget()
            return False
        for cache in self._caches:
            cache.cache_clear()
        return True

    def _put(self, old: CodeType, new: CodeType) -> bool:
        """Changes a function; False where it has left its mark on what is loaded, or is not to be found."""
        place = place_of(old)
        found = [function for function in self._functions.get(place, ()) if function.__code__ == old]
        for function in found:
            function.__code__ = new
        return bool(found) and place not in self._imported

    def _first_failure(self, trial: trials.Trial) -> int:
        """Runs the tests one by one; 0 or which of them fails."""
        heard = Failures()
        self._session.config.pluginmanager.register(heard)
        items = [self._items[name] for name in trial.tests]
        for number, (item, following) in enumerate(zip(items, [*items[1:], None], strict=True)):
            limit_cpu(trial.limits_s[number])
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if heard.failed:
                return KILLED_BY + min(number, MOST_NAMED)
        return 0


class Failures:
    """Hears whether a test failed."""

    failed = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Notes a failure."""
        self.failed |= report.failed


def limit_cpu(seconds: float) -> None:
    """Ends this process once it has worked so much longer."""
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, seconds)


def place_of(code: CodeType) -> tuple[str, str, int]:
    """File, qualified name and first line."""
    return code.co_filename, code.co_qualname, code.co_firstlineno


def changed_codes(mutant: Mutant) -> list[tuple[CodeType, CodeType]] | None:
    """The functions that differ, before and after; None where something outside of functions does."""
    path = os.path.realpath(mutant.path)
    with open(path, encoding="utf-8") as text:  # noqa: PTH123  (no pathlib in a fork)
        old = compile(text.read(), path, "exec", dont_inherit=True)
    return differing(old, compile(mutant.code, path, "exec", dont_inherit=True))


def differing(old: CodeType, new: CodeType) -> list[tuple[CodeType, CodeType]] | None:
    """Functions of a module or class body that differ; None where the body itself does."""
    olds, news = parts(old), parts(new)
    if bare(old) != bare(new) or len(olds) != len(news):
        return None
    found: list[tuple[CodeType, CodeType]] = []
    for before, after in zip(olds, news, strict=True):
        inner = differing_function(before, after)
        if inner is None:
            return None
        found += inner
    return found


def differing_function(old: CodeType, new: CodeType) -> list[tuple[CodeType, CodeType]] | None:
    """The same of a part of a body: a function, or a class again."""
    if old == new:
        return []
    if not old.co_flags & inspect.CO_NEWLOCALS:
        return differing(old, new)
    return [(old, new)] if old.co_freevars == new.co_freevars else None


def parts(code: CodeType) -> list[CodeType]:
    """The code objects within one."""
    return [constant for constant in code.co_consts if isinstance(constant, CodeType)]


def bare(code: CodeType) -> tuple[object, ...]:
    """A body without what lies in its functions."""
    constants = tuple(repr(one) for one in code.co_consts if not isinstance(one, CodeType))
    return code.co_code, constants, code.co_names


def ended(running: dict[int, tuple[trials.Trial, float]]) -> Iterator[Outcome]:
    """Trials that are over by now, after a short wait; those that take too long are ended."""
    time.sleep(0.01)
    for child, (trial, began_s) in list(running.items()):
        spent_s = time.monotonic() - began_s
        over, status = os.waitpid(child, os.WNOHANG)
        if not over and spent_s < trial.limit_s * 3.0:
            continue
        if not over:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
        del running[child]
        yield outcome_of(trial, status if over else None, spent_s)


def outcome_of(trial: trials.Trial, status: int | None, spent_s: float) -> Outcome:
    """What an exit says; None: it was ended."""
    code = -signal.SIGPROF if status is None else os.waitstatus_to_exitcode(status)
    if code == -signal.SIGPROF:
        return Outcome(trial=trial, outcome=trials.TIMED_OUT, spent_s=spent_s)
    if code == BROKEN:
        sys.exit(f"a mutant could not be put in place: {trial.mutant.path}:{trial.mutant.line}")
    named = KILLED_BY <= code < KILLED_BY + MOST_NAMED
    return Outcome(
        trial=trial,
        outcome=trials.verdict(code),
        spent_s=spent_s,
        by=trial.tests[code - KILLED_BY] if named else "",
    )
