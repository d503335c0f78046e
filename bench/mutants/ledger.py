"""What is known of mutants: outcomes of earlier runs, verdicts of people, and the page about both."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from trials import KILLED, NO_PROGRAM, SURVIVED, TIMED_OUT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sites import Mutant

KEPT = Path(".cache/mutants/outcomes.jsonl")
VERDICTS = Path(__file__).parent / "verdicts.yaml"
PAGE = Path("docs/mutants.md")
HEAD = """# Mutants

Small changes of the code, one at a time, and whether a test notices: `make mutants` (all), `make mutants SAMPLE=200 SEED=7`, `make mutants
PATHS=simulator/accounting`. Operators are mutmut's, without those that strict types refuse (decision 0101). Generated; verdicts stand
in `bench/mutants/verdicts.yaml` by the key of the change, and hold until its text changes. `equivalent`: no test can notice; not counted.

"""


class Ledger:
    """Outcomes by key of the mutant; killed ones stay so, survivors are tried again with other tests.

    With `kept` False nothing of earlier runs counts, and nothing is left behind.
    """

    def __init__(self, stamp: str, *, kept: bool) -> None:
        """Reads what earlier runs found; `stamp` names the tests."""
        self._stamp, self._kept = stamp, kept
        self.verdicts: dict[str, dict[str, str]] = yaml.safe_load(VERDICTS.read_text()) or {}
        self._known: dict[str, dict[str, str]] = {}
        if kept and KEPT.exists():
            for line in KEPT.read_text().splitlines():
                entry = json.loads(line)
                self._known[entry["key"]] = entry

    def outcome(self, mutant: Mutant) -> str | None:
        """What became of a mutant, None where it has to be tried."""
        entry = self._known.get(mutant.key)
        if entry is None or (entry["outcome"] == SURVIVED and entry["stamp"] != self._stamp):
            return None
        return entry["outcome"]

    def put(self, mutant: Mutant, outcome: str) -> None:
        """Keeps an outcome, at once."""
        entry = {"key": mutant.key, "outcome": outcome, "stamp": self._stamp}
        self._known[mutant.key] = entry
        if not self._kept:
            return
        KEPT.parent.mkdir(parents=True, exist_ok=True)
        with KEPT.open("a", encoding="utf-8") as text:
            text.write(json.dumps(entry) + "\n")

    def counts(self, mutants: Iterable[Mutant]) -> tuple[int, int]:
        """Mutants that a test might notice, and those that one did."""
        killed = lived = 0
        for mutant in mutants:
            outcome = self.outcome(mutant)
            killed += outcome in (KILLED, TIMED_OUT)
            lived += outcome == SURVIVED and not self.is_equivalent(mutant)
        return killed + lived, killed

    def is_equivalent(self, mutant: Mutant) -> bool:
        """Whether somebody found that no test can notice it."""
        return self.verdicts.get(mutant.key, {}).get("verdict") == "equivalent"

    def survivors(self, mutants: Iterable[Mutant]) -> list[Mutant]:
        """Mutants that no test noticed."""
        return [mutant for mutant in mutants if self.outcome(mutant) == SURVIVED]


def package_of(mutant: Mutant, packages: Sequence[str]) -> str:
    """Which of the packages a mutant lies in."""
    return next(name for name in packages if mutant.path.startswith(f"{name}/"))


def by_package(mutants: Sequence[Mutant], packages: Sequence[str]) -> dict[str, list[Mutant]]:
    """The mutants of each package."""
    found: dict[str, list[Mutant]] = defaultdict(list)
    for mutant in mutants:
        found[package_of(mutant, packages)].append(mutant)
    return {name: found[name] for name in packages if found[name]}


def share(part: int, whole: int) -> str:
    """A share in per cent."""
    return f"{part / whole:.1%}" if whole else ""


def page(ledger: Ledger, mutants: Sequence[Mutant], packages: Sequence[str]) -> str:
    """The page: killed by package, then every survivor with its verdict."""
    rows = ["| package | mutants | tried | killed | ratio |", "|---|---:|---:|---:|---:|"]
    parts = {**by_package(mutants, packages), "all": list(mutants)}
    for name, mine in parts.items():
        tried, killed = ledger.counts(mine)
        programs = sum(ledger.outcome(mutant) != NO_PROGRAM for mutant in mine)
        rows.append(f"| {name} | {programs} | {tried} | {killed} | {share(killed, tried)} |")
    lines = ["", "| survivor | change | verdict |", "|---|---|---|"]
    lines += [line_of(ledger, mutant) for mutant in ledger.survivors(mutants)]
    return HEAD + "\n".join([*rows, *lines]) + "\n"


def line_of(ledger: Ledger, mutant: Mutant) -> str:
    """One survivor's row."""
    known = ledger.verdicts.get(mutant.key, {})
    verdict = ": ".join(part for part in (known.get("verdict", ""), known.get("reason", "")) if part)
    place = f"`{mutant.path}:{mutant.line}` {mutant.where} ({mutant.key})"
    change = f"`{mutant.before}` → `{mutant.after}`".replace("|", "\\|")
    return f"| {place} | {change} | {verdict} |"
