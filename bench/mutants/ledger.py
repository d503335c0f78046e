"""What is known of mutants: outcomes of earlier runs, verdicts of people, and the page about both."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from scipy.stats import binomtest
from trials import KILLED, SURVIVED, TIMED_OUT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sites import Mutant

KEPT = Path(".cache/mutants/outcomes.jsonl")
VERDICTS = Path(__file__).parent / "verdicts.yaml"
PAGE = Path("docs/mutants.md")
SHARP = "tests/laws/test_accountant_cases.py"
"""Whole small runs of which every figure is recomputed: these notice most."""
Entry = dict[str, Any]
HEAD = """# Mutants

Small changes of the code, one at a time, and whether a test notices: `make mutants` (all), `make mutants SAMPLE=60 SEED="1 2"` (so many of each package), `make mutants
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
        self._known: dict[str, Entry] = {}
        self._kills: Counter[tuple[str, str]] = Counter()
        if kept and KEPT.exists():
            for line in KEPT.read_text().splitlines():
                entry = json.loads(line)
                self._known[entry["key"]] = entry
                self._count(entry)

    def outcome(self, mutant: Mutant) -> str | None:
        """What became of a mutant, None where it has to be tried; what no test can notice has not."""
        if self.is_equivalent(mutant):
            return SURVIVED
        entry = self._known.get(mutant.key)
        if entry is None or (entry["outcome"] == SURVIVED and entry["stamp"] != self._stamp):
            return None
        return entry["outcome"]

    def worth(self, test: str, path: str) -> float:
        """How often a test noticed something, above all in the same file; at first what it is made for."""
        folder = Path(path).parent.name
        made_for = 40.0 * test.startswith(SHARP) + 5.0 * test.startswith(f"tests/{folder}/")
        return 1.0 + made_for + 4.0 * self._kills[test, path] + 0.2 * self._kills[test, ""]

    def _count(self, entry: Entry) -> None:
        """Counts the test that noticed."""
        if entry.get("by"):
            self._kills[entry["by"], entry["path"]] += 1
            self._kills[entry["by"], ""] += 1

    def put(self, mutant: Mutant, outcome: str, by: str = "", spent_s: float = 0.0) -> None:
        """Keeps an outcome, the test that noticed, and how long that took, at once."""
        entry = {"key": mutant.key, "path": mutant.path, "outcome": outcome, "by": by}
        entry |= {"spent_s": round(spent_s, 2), "stamp": self._stamp}
        self._known[mutant.key] = entry
        if not self._kept:
            return
        KEPT.parent.mkdir(parents=True, exist_ok=True)
        with KEPT.open("a", encoding="utf-8") as text:
            text.write(json.dumps(entry) + "\n")

    def spent_s(self, mutant: Mutant) -> float | None:
        """Seconds that a trial took, where it was tried at all."""
        return self._known.get(mutant.key, {}).get("spent_s")

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


def told(mutant: Mutant) -> str:
    """A mutant in a line."""
    return f"  {mutant.key} {mutant.path}:{mutant.line} {mutant.where}: {mutant.before}  ->  {mutant.after}"


def package_of(mutant: Mutant, packages: Sequence[str]) -> str:
    """Which of the packages a mutant lies in."""
    return next(name for name in packages if mutant.path.startswith(f"{name}/"))


def by_package(mutants: Sequence[Mutant], packages: Sequence[str]) -> dict[str, list[Mutant]]:
    """The mutants of each package."""
    found: dict[str, list[Mutant]] = defaultdict(list)
    for mutant in mutants:
        found[package_of(mutant, packages)].append(mutant)
    return {name: found[name] for name in packages if found[name]}


def page(
    ledger: Ledger,
    mutants: Sequence[Mutant],
    tried: Sequence[Mutant],
    packages: Sequence[str],
    sabotages: Sequence[Mutant],
    asked: str,
) -> str:
    """The page: what was tried, killed by package, then every survivor with its verdict."""
    rows = [
        "| package | mutants | tried | equivalent | killed | ratio | 95 % |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    mine = by_package(tried, packages)
    for name, everything in {**by_package(mutants, packages), "all": list(mutants)}.items():
        rows.append(row_of(ledger, name, len(everything), mine.get(name, []) if name != "all" else tried))
    lines = ["", "| survivor | change | verdict |", "|---|---|---|"]
    lines += [line_of(ledger, mutant) for mutant in ledger.survivors(tried)]
    intro = [*scope_of(ledger, mutants, tried, asked), named_of(ledger, sabotages), ""]
    return HEAD + "\n".join([*intro, *rows, *lines]) + "\n"


def row_of(ledger: Ledger, name: str, count: int, tried: Sequence[Mutant]) -> str:
    """A package's row: how many there are, were tried and killed, and between what the whole's share lies."""
    noticed, killed = ledger.counts(tried)
    equivalent = sum(ledger.is_equivalent(mutant) for mutant in ledger.survivors(tried))
    if not noticed:
        return f"| {name} | {count} | 0 | | | | |"
    sure = binomtest(killed, noticed).proportion_ci(0.95)
    told = f"{killed / noticed:.1%} | {sure.low:.1%} to {sure.high:.1%}"
    return f"| {name} | {count} | {noticed + equivalent} | {equivalent} | {killed} | {told} |"


def scope_of(ledger: Ledger, mutants: Sequence[Mutant], tried: Sequence[Mutant], asked: str) -> list[str]:
    """Which mutants were tried, and how long all would take."""
    spent_s = [spent for mutant in tried if (spent := ledger.spent_s(mutant)) is not None]
    hours = len(mutants) * sum(spent_s) / max(len(spent_s), 1) / 3_600.0
    if len(tried) == len(mutants):
        return [f"All {len(mutants):,} were tried, in {hours:.1f} hours of one core."]
    return [
        f"**A sample**: {asked}; {len(tried):,} of {len(mutants):,} mutants. The last column is the exact binomial interval of what",
        "a run over all would give; once tests were raised from what survived these very seeds, a fresh seed gives",
        f"less. All would take about {hours:.0f} hours of one core at the pace of the sample.",
    ]


def named_of(ledger: Ledger, sabotages: Sequence[Mutant]) -> str:
    """What became of the sabotages that have names."""
    killed = sum(ledger.outcome(mutant) in (KILLED, TIMED_OUT) for mutant in sabotages)
    alive = "; ".join(mutant.where for mutant in ledger.survivors(sabotages))
    end = f": {alive} survived." if alive else "."
    return (
        f"Of the {len(sabotages)} named mutants (`bench/mutants/sabotages.yaml`) {killed} were detected{end}"
    )


def line_of(ledger: Ledger, mutant: Mutant) -> str:
    """One survivor's row."""
    known = ledger.verdicts.get(mutant.key, {})
    verdict = ": ".join(part for part in (known.get("verdict", ""), known.get("reason", "")) if part)
    place = f"`{mutant.path}:{mutant.line}` {mutant.where} ({mutant.key})"
    change = f"`{mutant.before}` → `{mutant.after}`".replace("|", "\\|")
    return f"| {place} | {change} | {verdict} |"
