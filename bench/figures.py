"""Writes every measured figure of the pages from where it was measured: `make figures`.

A page marks a figure as `<!-- figure: bench.million_s -->12<!-- / -->` and a listing as
`<!-- listing: docs/demo.txt -->` with a fenced block after it. `--check` changes nothing, names
what is not current and ends with 1; `--demo` runs the demo first and keeps what it prints.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS = "bench/RESULTS.md"
ACCURACY = "docs/accuracy.md"
DEMO = "docs/demo.txt"
SHORT_DEMO = "docs/demo.sha256"
FIGURE = re.compile(r"<!-- figure: ([\w.]+) -->(.*?)<!-- / -->", re.DOTALL)
LISTING = re.compile(r"(<!-- listing: (\S+) -->\n+```\w*\n)(.*?)(```\n)", re.DOTALL)
COMPARED = ("cheapest_capable", "score_threshold", "cascade")
REPLICATIONS = ("--replications", "4")
"""As many as `make demo` runs."""
SHORT = ("--set", "duration=1h", "--set", "start=2026-11-02T10:00:00Z", "--replications", "2")
"""The demo in a second or two: one hour of another day, but every step on the way to its tables."""

TRACE_CASE = "trace, 16 replicas, about 70 % busy"
MILLION_CASE = "8 deployments, 1,000,000 requests"


def figures(root: Path = ROOT) -> dict[str, str]:
    """Every figure by name, from the pages of results."""
    cases = table((root / RESULTS).read_text(encoding="utf-8"), "case")
    accuracy = (root / ACCURACY).read_text(encoding="utf-8")
    headings = ("In the fit's domain", "Groups held out", "Outside the domain")
    fitted, held_out, outside = (rows_of(accuracy, heading)["all"] for heading in headings)
    return {
        "bench.trace_requests": cases[TRACE_CASE]["requests"],
        "bench.trace_s": two_digits(inside_s(cases[TRACE_CASE])),
        "bench.million_s": two_digits(inside_s(cases[MILLION_CASE])),
        "accuracy.points": f"{int(fitted['points']) + int(outside['points']):,}",
        **{f"accuracy.fitted.{name}": text for name, text in errors(fitted).items()},
        **{f"accuracy.held_out.{name}": text for name, text in errors(held_out).items()},
    }


def errors(row: dict[str, str]) -> dict[str, str]:
    """The errors of a row of the accuracy page, in percent."""
    columns = {"tpot_mean": "TPOT mean", "tpot_median": "TPOT median", "ttft_median": "TTFT median"}
    return {name: row[column].rstrip("%") for name, column in columns.items()}


def rows_of(page: str, title: str) -> dict[str, dict[str, str]]:
    """The rows of the first table under a heading that begins so."""
    return table(page[page.index(f"\n## {title}") :], "")


def table(page: str, corner: str) -> dict[str, dict[str, str]]:
    """A Markdown table's rows by their first cell: the first table whose corner says so."""
    lines = page.splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("|") and cells(line)[0] == corner)
    head, rows = cells(lines[first]), {}
    for line in lines[first + 2 :]:
        if not line.startswith("|"):
            break
        found = cells(line)
        rows[found[0]] = dict(zip(head, found, strict=True))
    return rows


def cells(line: str) -> list[str]:
    """The cells of a line of a table."""
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def inside_s(row: dict[str, str]) -> float:
    """Seconds inside the run: requests over requests per second."""
    count, rate = (float(row[name].replace(",", "")) for name in ("requests", "per s inside"))
    return count / rate


def two_digits(value: float) -> str:
    """Two significant digits, without an exponent."""
    return f"{float(f'{value:.2g}'):g}"


def filled(text: str, known: dict[str, str], root: Path = ROOT) -> str:
    """A page's text with every marked figure and listing as it should be.

    Raises:
        KeyError: the page marks a figure that nothing gives.
    """
    text = FIGURE.sub(lambda at: f"<!-- figure: {at[1]} -->{known[at[1]]}<!-- / -->", text)
    return LISTING.sub(lambda at: at[1] + (root / at[2]).read_text(encoding="utf-8") + at[4], text)


def pages(root: Path = ROOT) -> list[Path]:
    """The pages that may hold figures."""
    return [root / "README.md", *sorted((root / "docs").rglob("*.md"))]


def demo_output(*settings: str) -> str:
    """What the demo prints on a wide page, but for where it wrote."""
    command = [sys.executable, "-m", "wayfare", "compare", str(ROOT / "scenarios/support-desk-diurnal.yaml")]
    for policy in COMPARED:
        command += ["--policy", policy]
    environment = {**os.environ, "COLUMNS": "110", "NO_COLOR": "1"}
    done = subprocess.run(  # noqa: S603  (our own command)
        [*command, *settings, "--quiet"],
        check=True,
        capture_output=True,
        text=True,
        env=environment,
        cwd=ROOT,
    )
    return done.stdout


def short_digest() -> str:
    """A digest of the short demo: it changes when anything on the way to the demo's tables does."""
    return hashlib.sha256(demo_output(*SHORT).encode()).hexdigest()


def keep_demo() -> None:
    """Runs the demo, and keeps what it prints and the digest by which its age shows."""
    (ROOT / DEMO).write_text(demo_output(*REPLICATIONS), encoding="utf-8")
    (ROOT / SHORT_DEMO).write_text(short_digest() + "\n", encoding="ascii")


def main() -> None:
    """Fills the pages, or checks them."""
    if "--demo" in sys.argv:
        keep_demo()
    known, stale = figures(), []
    for page in pages():
        text = page.read_text(encoding="utf-8")
        current = filled(text, known)
        if current != text and "--check" in sys.argv:
            stale.append(str(page.relative_to(ROOT)))
        elif current != text:
            page.write_text(current, encoding="utf-8")
    if stale:
        sys.exit(f"not current; run: make figures: {', '.join(stale)}")


if __name__ == "__main__":
    main()
