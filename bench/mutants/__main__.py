"""Mutation testing: `make mutants`, with SAMPLE, SEED and PATHS; survivors stand in docs/mutants.md."""

from __future__ import annotations

import argparse
import os
import random
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import ledger
import reach
import trials
from sites import mutants_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reach import Reach
    from sites import Mutant

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    "simulator/accounting",
    "simulator/quality",
    "simulator/workload",
    "simulator/world",
    "simulator/experiment",
    "router",
)
FIRST_LINE = (
    "tests/accounting",
    "tests/conformance",
    "tests/experiment",
    "tests/fleet",
    "tests/laws/test_accountant.py",
    "tests/laws/test_accountant_compares.py",
    "tests/laws/test_black_friday.py",
    "tests/laws/test_run_laws.py",
    "tests/quality",
    "tests/router",
    "tests/scenario",
    "tests/theory/test_rate_limits.py",
    "tests/workload",
    "tests/world",
)
"""Tests that know these packages, and take no more than a few seconds each."""
MOST_S = 40.0
"""Seconds of tests that a mutant is given at most, the short ones first."""
START_S = 20.0


def main(arguments: Sequence[str]) -> int:
    """Tries what was asked for; 1 where fewer are killed than `--least`."""
    asked = parser().parse_args(arguments)
    os.chdir(ROOT)
    paths = asked.paths or PACKAGES
    known = blind(asked.tests) if asked.blind else reach.recorded(ROOT, asked.tests or FIRST_LINE)
    mutants = [mutant for path in files_of(paths) for mutant in mutants_of(path)]
    book = ledger.Ledger(reach.digest_of(ROOT, ["tests"]), kept=not asked.least)
    chosen = sampled(mutants, asked.sample, asked.seed) if asked.sample else mutants
    try_all(book, chosen, known, asked.jobs)
    if not asked.least:
        packages = PACKAGES if not asked.paths else tuple(map(str, asked.paths))
        ledger.PAGE.write_text(ledger.page(book, mutants, packages), encoding="utf-8")
    tried, killed = book.counts(chosen)
    print(f"{killed} of {tried} mutants killed: {killed / max(tried, 1):.1%}")
    for mutant in book.survivors(chosen):
        print(
            f"  {mutant.key} {mutant.path}:{mutant.line} {mutant.where}: {mutant.before}  ->  {mutant.after}"
        )
    return int(killed < asked.least * tried)


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument(
        "--sample", type=int, default=0, help="so many mutants, as many of each package as its share"
    )
    made.add_argument("--seed", type=int, default=1, help="of the sample")
    made.add_argument("--paths", nargs="*", type=Path, help="folders or files instead of all packages")
    made.add_argument("--tests", nargs="*", help="tests instead of the first line")
    made.add_argument(
        "--blind", action="store_true", help="try all `--tests` in their order, not those that reach"
    )
    made.add_argument(
        "--least", type=float, default=0.0, help="fail below this share killed; keep nothing, write no page"
    )
    made.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    return made


def blind(tests: Sequence[str]) -> Reach:
    """Tests that are taken to reach everything, as quick as they stand in order."""
    return {test: {"seconds": float(number), "functions": None} for number, test in enumerate(tests)}


def files_of(paths: Sequence[Path | str]) -> list[Path]:
    """The Python files of folders and files, in order."""
    return [
        file
        for path in map(Path, paths)
        for file in ([path] if path.is_file() else sorted(path.rglob("*.py")))
    ]


def sampled(mutants: Sequence[Mutant], count: int, seed: int) -> list[Mutant]:
    """So many mutants, of each package according to its share, the same for the same seed."""
    rng, found = random.Random(seed), []  # noqa: S311  (a sample)
    folders: dict[str, list[Mutant]] = {}
    for mutant in mutants:
        folders.setdefault(str(Path(mutant.path).parent), []).append(mutant)
    for mine in folders.values():
        share = count * len(mine) / len(mutants)
        take = int(share) + (rng.random() < share % 1.0)
        found += rng.sample(mine, min(take, len(mine)))
    return found


def try_all(book: ledger.Ledger, mutants: Sequence[Mutant], known: Reach, jobs: int) -> None:
    """Tries those of which nothing is known yet, and writes down what becomes of each."""
    new = [mutant for mutant in mutants if book.outcome(mutant) is None]
    planned = [trial_of(mutant, known) for mutant in new]
    for trial in planned:
        if not trial.tests:
            book.put(trial.mutant, trials.SURVIVED)
    trials.prepare()
    runnable = [trial for trial in planned if trial.tests]
    if runnable:
        assert_sound(runnable[0])
    for number, (trial, outcome, spent_s) in enumerate(trials.outcomes(runnable, jobs), start=1):
        book.put(trial.mutant, outcome)
        print(
            f"{number}/{len(runnable)} {outcome} {spent_s:.1f}s {trial.mutant.path}:{trial.mutant.line}",
            flush=True,
        )


def assert_sound(trial: trials.Trial) -> None:
    """Ends the program where tests fail without any change: then nothing would survive."""
    text = Path(trial.mutant.path).read_text(encoding="utf-8")
    control = replace(trial, mutant=replace(trial.mutant, code=text), limit_s=600.0)
    for _control, outcome, _spent_s in trials.outcomes([control], 1):
        if outcome != trials.SURVIVED:
            sys.exit(f"the tests fail without any mutant: {' '.join(trial.tests)}")


def trial_of(mutant: Mutant, known: Reach) -> trials.Trial:
    """The tests that reach a mutant's function; of code that runs on import, those that use the module."""
    seconds = {test: entry["seconds"] for test, entry in known.items() if reaches(entry["functions"], mutant)}
    chosen, total_s = [], 0.0
    for test in sorted(seconds, key=seconds.get):
        if chosen and total_s + seconds[test] > MOST_S:
            break
        chosen.append(test)
        total_s += seconds[test]
    return trials.Trial(mutant=mutant, tests=tuple(chosen), limit_s=START_S + 4.0 * total_s)


def reaches(functions: Sequence[str] | None, mutant: Mutant) -> bool:
    """Whether a test that runs these functions can notice a mutant; None: whether it does is not known."""
    if functions is None:
        return True
    if mutant.in_function:
        return f"{mutant.path}::{mutant.where}" in functions
    return any(name.startswith(f"{mutant.path}::") for name in functions)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
