"""Tries a mutant that takes effect on import: the code under test is loaded anew, with one module changed."""

from __future__ import annotations

import importlib.abc
import importlib.util
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import ModuleType

    from sites import Mutant

KILLED, SURVIVED, TIMED_OUT, NO_PROGRAM = "killed", "survived", "timed_out", "no_program"
KEPT_LOADED = "simulator.kernel"
UNDER_TEST = ("router", "simulator", "wayfare")
NOT_A_PROGRAM = 97
KILLED_SOMEHOW = 96
START_S = 20.0
PYTEST = (
    "-x",
    "-q",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:xdist",
    "--assert=plain",
    "--capture=sys",
    "--hypothesis-seed=0",
    "--no-header",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A mutant, and the tests that may notice it in their order, with the seconds of work each may take."""

    mutant: Mutant
    tests: tuple[str, ...]
    limits_s: tuple[float, ...]

    @property
    def limit_s(self) -> float:
        """Seconds of work for all."""
        return START_S + sum(self.limits_s)


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

    def create_module(self, spec: ModuleSpec) -> None:
        """As usual."""
        del spec

    def exec_module(self, module: ModuleType) -> None:
        """Runs the changed text."""
        exec(self._code, module.__dict__)  # noqa: S102  (a mutant is a program that we made)


def quicken() -> None:
    """Hypothesis looks for failures only: what fails is not shrunk, nor is slowness one."""
    quick = hypothesis.Phase.explicit, hypothesis.Phase.generate
    hypothesis.settings.register_profile(
        "mutants",
        phases=quick,
        database=None,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    hypothesis.settings.load_profile("mutants")


def forget() -> None:
    """Forgets the modules under test, and the tests.

    The kernel stands on nothing of the simulator and is not mutated: it stays.
    """
    tests = str(Path("tests").resolve())
    for name, module in list(sys.modules.items()):
        kept = name == KEPT_LOADED or name.startswith(f"{KEPT_LOADED}.")
        is_test = str(getattr(module, "__file__", "")).startswith(tests)
        if is_test or (name.split(".")[0] in UNDER_TEST and not kept):
            del sys.modules[name]


def run(trial: Trial) -> int:
    """In a child of its own: 0 when no test noticed the mutant."""
    sys.meta_path.insert(0, Mutation(trial.mutant))
    return int(pytest.main([*PYTEST, *trial.tests]))


def verdict(code: int) -> str:
    """What an exit code says of the mutant."""
    return {0: SURVIVED, NOT_A_PROGRAM: NO_PROGRAM}.get(code, KILLED)
