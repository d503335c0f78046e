"""Tries mutants: each in a process forked from one that has loaded all but the code under test."""

from __future__ import annotations

import importlib.abc
import importlib.util
import os
import signal
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

    from sites import Mutant

KILLED, SURVIVED, TIMED_OUT, NO_PROGRAM = "killed", "survived", "timed_out", "no_program"
KEPT_LOADED = "simulator.kernel"
UNDER_TEST = ("router", "simulator", "wayfare")
NOT_A_PROGRAM = 97
PYTEST = (
    "-x",
    "-q",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:xdist",
    "--assert=plain",
    "--hypothesis-seed=0",
    "--no-header",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A mutant, and the tests that may notice it, those first that take the least time."""

    mutant: Mutant
    tests: tuple[str, ...]
    limit_s: float


class Mutation(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads one module from changed text."""

    def __init__(self, mutant: Mutant) -> None:
        """Knows which module is meant by its path."""
        self._path = os.path.realpath(mutant.path)
        self._name = mutant.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        self._code = compile(mutant.code, self._path, "exec", dont_inherit=True)

    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:
        """The changed module's, none of any other."""
        del path, target
        if fullname != self._name:
            return None
        return importlib.util.spec_from_file_location(fullname, self._path, loader=self)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """As usual."""
        del spec

    def exec_module(self, module: ModuleType) -> None:
        """Runs the changed text."""
        exec(self._code, module.__dict__)  # noqa: S102  (a mutant is a program that we made)


def prepare() -> None:
    """Loads libraries, catalog and compiled kernel, and forgets the modules under test.

    The kernel stands on nothing of the simulator and is not mutated: it stays.
    """
    import hypothesis

    quick = hypothesis.Phase.explicit, hypothesis.Phase.generate
    hypothesis.settings.register_profile("mutants", phases=quick, database=None, deadline=None)
    hypothesis.settings.load_profile("mutants")
    import scipy.special  # noqa: F401  (loaded once, for all)

    from simulator import load_scenario, simulate

    simulate(load_scenario("support-desk-diurnal", overrides=["duration=1min"]))
    for name in list(sys.modules):
        kept = name == KEPT_LOADED or name.startswith(f"{KEPT_LOADED}.")
        if name.split(".")[0] in UNDER_TEST and not kept:
            del sys.modules[name]


def run(trial: Trial) -> int:
    """In a child of its own: 0 when no test noticed the mutant."""
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    try:
        sys.meta_path.insert(0, Mutation(trial.mutant))
    except SyntaxError:
        return NOT_A_PROGRAM
    return int(pytest.main([*PYTEST, *trial.tests]))


def outcomes(trials: Sequence[Trial], jobs: int) -> Iterator[tuple[Trial, str, float]]:
    """What becomes of each mutant, as it is known; `jobs` processes at a time."""
    waiting, running = list(reversed(trials)), {}
    while waiting or running:
        while waiting and len(running) < jobs:
            trial = waiting.pop()
            running[started(trial)] = (trial, time.monotonic())
        yield from ended(running)


def started(trial: Trial) -> int:
    """The process of a trial, leader of a group of its own."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        os.setpgid(0, 0)
        code = run(trial)
    finally:
        os._exit(code)


def ended(running: dict[int, tuple[Trial, float]]) -> Iterator[tuple[Trial, str, float]]:
    """Trials that are over by now, after a short wait; those that take too long are ended."""
    time.sleep(0.02)
    for child, (trial, began_s) in list(running.items()):
        spent_s = time.monotonic() - began_s
        over, status = os.waitpid(child, os.WNOHANG)
        if not over and spent_s < trial.limit_s:
            continue
        if not over:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
        del running[child]
        yield trial, verdict(status) if over else TIMED_OUT, spent_s


def verdict(status: int) -> str:
    """What an exit code of pytest says of the mutant."""
    code = os.waitstatus_to_exitcode(status)
    return {0: SURVIVED, NOT_A_PROGRAM: NO_PROGRAM}.get(code, KILLED)
