"""Mutation testing: `make mutants`, with SAMPLE, SEED and PATHS; survivors are listed in docs/mutants.md."""

from __future__ import annotations

import argparse
import gc
import os
import random
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import ledger
import pytest
import reach
import trials
import warm
from sites import kept_mutants_of, sabotages

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import CodeType

    from reach import Reach
    from sites import Mutant

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    "simulator/accounting",
    "simulator/quality",
    "simulator/workload",
    "simulator/arrivals",
    "simulator/plan",
    "simulator/world",
    "simulator/report",
    "simulator/records",
    "simulator/series",
    "simulator/experiment",
    "router",
)
FIRST_LINE = (
    "tests/accounting",
    "tests/conformance",
    "tests/experiment",
    "tests/fleet",
    "tests/plan",
    "tests/records",
    "tests/report",
    "tests/laws/test_accountant.py",
    "tests/laws/test_accountant_compares.py",
    "tests/laws/test_accountant_cases.py",
    "tests/laws/test_black_friday.py",
    "tests/laws/test_keyed_draws.py",
    "tests/laws/test_neutral_defaults.py",
    "tests/laws/test_outcomes_heard.py",
    "tests/laws/test_run_laws.py",
    "tests/laws/test_series_laws.py",
    "tests/laws/test_steps.py",
    "tests/laws/test_timeline.py",
    "tests/laws/test_turns.py",
    "tests/quality",
    "tests/router",
    "tests/scenario",
    "tests/theory/test_rate_limits.py",
    "tests/workload",
    "tests/world",
)
"""Tests that know these packages, and take no more than a few seconds each."""
BY_THE_CLOCK = ("tests/router/test_constraints.py::test_a_million_requests_are_screened_in_under_a_second",)
"""Tests of wall time: on a busy machine they fail without any mutant, and kill what is equivalent."""
MOST_S = 8.0
"""Seconds of tests that a mutant is given at most; those first that noticed most in the least time."""
LIGHT_S = 0.02
DEFAULTS = "tests/laws/test_neutral_defaults.py::test_what_nobody_states_is_nothing"
"""Reads what other modules have when they were imported, and calls nothing of them."""
LEAST_LIMIT_S, SLOWER = 5.0, 8.0
"""A test may take so many seconds more, and so many times as long, as without a mutant."""


def main(arguments: Sequence[str]) -> int:
    """Tries what was asked for; 1 where fewer are killed than `--least`."""
    asked = parser().parse_args(arguments)
    os.chdir(ROOT)
    packages = tuple(map(str, asked.paths)) if asked.paths else PACKAGES
    mutants = [mutant for path in files_of(packages) for mutant in kept_mutants_of(path)]
    book = ledger.Ledger(reach.digest_of(ROOT, ["tests"]), kept=not asked.least)
    named = sabotages() if asked.named or not asked.paths else []
    chosen = [*named, *([] if asked.named and not asked.sample else asked_for(mutants, packages, asked))]
    run = Run(book, chosen, asked)
    trials.quicken()
    with reach.hearing(run.imported):
        left_out = [f"--deselect={test}" for test in BY_THE_CLOCK]
        code = pytest.main([*trials.PYTEST, *left_out, *(asked.tests or FIRST_LINE)], plugins=[run])
    if code or not run.ended:
        print(f"the tests could not be collected: {code}")
        return 1
    if not asked.least and not asked.paths and not asked.named:
        write_page(book, mutants, chosen, asked)
    tried, killed = book.counts(chosen)
    if named:
        print(f"{book.counts(named)[1]} of {len(named)} named mutants detected")
    print(f"{killed} of {tried} mutants killed: {killed / max(tried, 1):.1%}")
    for mutant in book.survivors(chosen):
        print(ledger.told(mutant))
    return int(killed < asked.least * tried)


def write_page(
    book: ledger.Ledger, mutants: Sequence[Mutant], chosen: Sequence[Mutant], asked: argparse.Namespace
) -> None:
    """Writes docs/mutants.md."""
    named = sabotages()
    keys = {mutant.key for mutant in named}
    tried = [mutant for mutant in chosen if mutant.key not in keys]
    seeds = ", ".join(map(str, asked.seed))
    told = f"{asked.sample} of each package by each of the seeds {seeds}"
    text = ledger.page(book, mutants, tried, PACKAGES, named, told)
    ledger.PAGE.write_text(text, encoding="utf-8")


def asked_for(mutants: Sequence[Mutant], packages: Sequence[str], asked: argparse.Namespace) -> list[Mutant]:
    """All mutants, or samples of so many of each package, one for each seed."""
    seeds = asked.seed if asked.sample else []
    parts = ledger.by_package(mutants, packages).values()
    if not seeds:
        return list(mutants)
    chosen = {
        mutant.key: mutant for seed in seeds for part in parts for mutant in sampled(part, asked.sample, seed)
    }
    return list(chosen.values())


class Run:
    """A plug-in of pytest: instead of running the tests once, it tries the mutants with them."""

    def __init__(self, book: ledger.Ledger, mutants: Sequence[Mutant], asked: argparse.Namespace) -> None:
        """Nothing was tried yet; `imported` gathers the functions that are called before the first test."""
        self._book, self._mutants, self._asked = book, mutants, asked
        self.imported: set[CodeType] = set()
        self.ended = False

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Tries those of which nothing is known yet, and writes down what becomes of each."""
        sys.setprofile(None)
        if session.testsfailed:
            return True
        names = {item.nodeid for item in session.items}
        known = self._known(session)
        known = {test: entry for test, entry in known.items() if test in names}
        new = [mutant for mutant in self._mutants if self._book.outcome(mutant) is None]
        if self._asked.again:
            new = [mutant for mutant in new if self._book.spent_s(mutant) is not None]
        planned = [trial_of(mutant, known, self._book) for mutant in new]
        for trial in planned:
            if not trial.tests:
                self._book.put(trial.mutant, trials.SURVIVED)
        warm_up()
        random.Random(0).shuffle(planned)  # noqa: S311  (an order)
        self._try(warm.Warm(session, self.imported), [trial for trial in planned if trial.tests])
        gc.unfreeze()
        self.ended = True
        return True

    def _known(self, session: pytest.Session) -> Reach:
        """What each test reaches."""
        if self._asked.blind:
            return blind([item.nodeid for item in session.items])
        files = {reach.file_of(item.nodeid) for item in session.items}
        return reach.record(session, reach.kept_for(ROOT, files))

    def _try(self, forks: warm.Warm, planned: Sequence[trials.Trial]) -> None:
        """Tries one after the other, and says how it goes."""
        if planned:
            assert_sound(forks, planned)
        began_s = time.monotonic()
        for number, ended in enumerate(forks.outcomes(planned, self._asked.jobs), start=1):
            self._book.put(ended.trial.mutant, ended.outcome, ended.by, ended.spent_s)
            pace = number / (time.monotonic() - began_s) * 60.0
            print(f"{number}/{len(planned)} {pace:.0f}/min {ended.told()}", flush=True)


def warm_up() -> None:
    """Loads what every run loads: catalog, compiled kernel, tables of libraries."""
    import scipy.special  # noqa: F401  (loaded once, for all)

    from simulator import load_scenario, simulate

    for name in ("support-desk-diurnal", "hybrid-edge-cloud"):
        simulate(load_scenario(name, overrides=["duration=1min", "warmup=0s"]))


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument(
        "--sample", type=int, default=0, help="so many mutants of each package, drawn by `--seed`"
    )
    made.add_argument("--seed", type=int, nargs="*", default=[1], help="of a sample, or of several at once")
    made.add_argument("--paths", nargs="*", type=Path, help="folders or files instead of all packages")
    made.add_argument("--again", action="store_true", help="try only what survived other tests before")
    made.add_argument(
        "--named", action="store_true", help="the sabotages that have names, and no others but a sample"
    )
    made.add_argument("--tests", nargs="*", help="tests instead of the first line")
    made.add_argument(
        "--blind", action="store_true", help="try all tests in their order, not those that reach"
    )
    made.add_argument(
        "--least", type=float, default=0.0, help="fail below this share killed; keep nothing, write no page"
    )
    made.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    return made


def blind(tests: Sequence[str]) -> Reach:
    """Tests that are taken to reach everything, and to take no time."""
    return {test: {"seconds": 0.0, "functions": None} for test in tests}


def files_of(paths: Sequence[Path | str]) -> list[Path]:
    """The Python files of folders and files, in order."""
    return [
        file
        for path in map(Path, paths)
        for file in ([path] if path.is_file() else sorted(path.rglob("*.py")))
    ]


def sampled(mutants: Sequence[Mutant], count: int, seed: int) -> list[Mutant]:
    """So many mutants, the same for the same seed."""
    return random.Random(seed).sample(mutants, min(count, len(mutants)))  # noqa: S311  (a sample)


def assert_sound(forks: warm.Warm, planned: Sequence[trials.Trial]) -> None:
    """Ends the program where tests fail without any change, in place or imported anew."""
    longest = max(planned, key=lambda trial: len(trial.tests))
    text = Path(longest.mutant.path).read_text(encoding="utf-8")
    texts = (text, f"{text}\nCONTROL = 1\n")
    controls = [replace(longest, mutant=replace(longest.mutant, code=code)) for code in texts]
    for ended in forks.outcomes(controls, len(controls)):
        if ended.outcome != trials.SURVIVED:
            sys.exit(f"the tests fail without any mutant: {ended.by or ' '.join(longest.tests)}")


def trial_of(mutant: Mutant, known: Reach, book: ledger.Ledger) -> trials.Trial:
    """The tests that reach a mutant's function; of code that runs on import, those that use the module."""
    parts = (mutant.path, f"{Path(mutant.path).parent}/")
    found = (
        {test for test, entry in known.items() if reaches(entry["functions"], mutant, part)} for part in parts
    )
    seconds = {test: known[test]["seconds"] for test in next(filter(None, found), ())}
    chosen: list[str] = []
    total_s = 0.0
    for test in sorted(seconds, key=lambda test: (seconds[test] + LIGHT_S) / book.worth(test, mutant.path)):
        if chosen and total_s + seconds[test] > MOST_S:
            continue
        chosen.append(test)
        total_s += seconds[test]
    if not mutant.in_function and DEFAULTS in known:
        chosen = [DEFAULTS, *(test for test in chosen if test != DEFAULTS)]
        seconds[DEFAULTS] = known[DEFAULTS]["seconds"]
    limits_s = tuple(LEAST_LIMIT_S + SLOWER * seconds[test] for test in chosen)
    return trials.Trial(mutant=mutant, tests=tuple(chosen), limits_s=limits_s)


def reaches(functions: Sequence[str] | None, mutant: Mutant, part: str) -> bool:
    """Whether a test that runs these functions can notice a mutant; None: whether it does is not known.

    What runs on import is noticed by what uses the module, or where it has no functions its folder.
    """
    if functions is None:
        return True
    if mutant.in_function:
        return f"{mutant.path}::{mutant.where}" in functions
    return any(name.startswith(part) for name in functions)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
