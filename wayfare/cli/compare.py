"""`wayfare compare`: the same requests through several policies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wayfare.cli.decisions import DECISIONS, opened, settled
from wayfare.cli.options import loaded, scenario_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator import Comparison, Scenario
    from simulator.experiment.gates import GateVerdict
    from wayfare.cli.decisions import DecisionSettlement


@click.command("compare")
@scenario_options
@click.option(
    "--policy",
    "policies",
    multiple=True,
    required=True,
    metavar="P",
    help="A policy's name, path/to/file.py:Class or grpc://host:port; knobs behind it: hedge:after_s=0.5. "
    "Repeatable; the baselines are added.",
)
@click.option(
    "--sweep",
    "sweeps",
    multiple=True,
    metavar="PATH=VALUES",
    help="Run each policy that has the knob with every value and draw its cost-quality curve, e.g. "
    "policy.threshold=0.1..0.9/9 (/7log: by equal factors) or policy.threshold=0.1,0.5. Repeatable: "
    "every combination.",
)
@click.option(
    "--replications",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    help="Independent replications of the seed.",
)
@click.option(
    "--confidence",
    type=click.FloatRange(0.0, 1.0, min_open=True, max_open=True),
    default=0.95,
    show_default=True,
    help="Confidence of the intervals.",
)
@click.option(
    "--fail-if",
    "fail_if",
    multiple=True,
    metavar="CONDITION",
    help="Exit 1 where a policy violates it, 3 where the interval cannot tell, e.g. "
    "'cost_usd.per_request > 1.05 * baseline'. Repeatable.",
)
@click.option(
    "--baseline",
    metavar="P",
    help="What 'baseline' means in --fail-if: any policy of the comparison; the first --policy if omitted.",
)
@click.option(
    "--outcomes", type=click.Path(path_type=Path), metavar="TABLE",
    help="Recorded answers, a file or a folder, instead of the quality model (how-to/recorded-answers).",
)  # fmt: skip
@DECISIONS
def command(
    scenario: str,
    policies: tuple[str, ...],
    sweeps: tuple[str, ...],
    replications: int,
    confidence: float,
    fail_if: tuple[str, ...],
    baseline: str | None,
    outcomes: Path | None,
    decisions: Path | None,
    seed: int | None,
    settings: tuple[str, ...],
    trace: Path | None,
    catalog: Path | None,
    as_json: bool,  # noqa: FBT001  (a flag of the command line)
    out: Path | None,
    quiet: bool,  # noqa: FBT001  (as above)
) -> None:
    """Run SCENARIO's requests through every policy; compare cost, accuracy and latency.

    The baselines always_cheapest, always_strongest, random_mix and oracle are always included.
    """
    from router.registry import BASELINES
    from simulator import compare
    from simulator.experiment.gates import check_baseline, gates_of, judge
    from wayfare.cli.gates import exit_by
    from wayfare.cli.sweeps import demand_room, selection_of
    from wayfare.render.terminal.progress import observer

    if outcomes is not None:
        settings = (*settings, f"quality.outcomes={json.dumps(str(outcomes.resolve()))}")
    selection, problems = selection_of(policies, sweeps)
    decision_file, decision_problems = opened(decisions)
    ready = loaded(
        scenario, settings, trace, seed, catalog=catalog, out=out,
        policies=selection.labels, kept_runs=len({*selection.labels, *BASELINES}),
        problems=(*problems, *decision_problems),
    )  # fmt: skip
    demand_room(ready, selection)
    gates = gates_of(fail_if, selection.labels, baseline)
    check_baseline(baseline, (*selection.labels, *BASELINES))
    comparison = compare(
        ready,
        policies,
        replications=replications,
        confidence=confidence,
        observer=observer(quiet=quiet),
        sweeps=sweeps,
    )
    verdicts = judge(comparison, gates)
    runs = {report.policy: one for report, one in zip(comparison.reports, comparison.results, strict=True)}
    settlement = settled(decision_file, {label: runs[label] for label in selection.labels})
    write_to(out, ready, comparison)
    if as_json:
        click.echo(json.dumps(as_data(comparison, verdicts, settlement), indent=2))
    else:
        show(ready, comparison, settlement, out)
    exit_by(verdicts, shown=not as_json, failed=settlement is not None and bool(settlement.changes))


def write_to(out: Path | None, scenario: Scenario, comparison: Comparison) -> None:
    """Writes the comparison's files and its page, where a folder is named."""
    if out is None:
        return
    from wayfare.render.html.page import comparison_page
    from wayfare.results.writing import write_comparison

    write_comparison(scenario, comparison, out, comparison_page(scenario, comparison))


def as_data(
    comparison: Comparison, verdicts: Sequence[GateVerdict], settlement: DecisionSettlement | None
) -> dict[str, object]:
    """The comparison as plain data, with its gates and what became of kept decisions, where there are any."""
    more: dict[str, object] = {"gates": [verdict.to_dict() for verdict in verdicts]} if verdicts else {}
    if settlement is not None:
        more["decisions_kept"] = settlement.to_dict()
    return {**comparison.to_dict(), **more}


def show(
    scenario: Scenario, comparison: Comparison, settlement: DecisionSettlement | None, out: Path | None
) -> None:
    """Prints the comparison, where it was written, and which kept decisions have changed."""
    from wayfare.render.terminal.comparison import print_comparison

    print_comparison(scenario, comparison)
    if out is not None:
        click.echo(f"wrote {out / 'report.html'}")
    if settlement is not None:
        settlement.show()
