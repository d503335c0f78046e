"""`wayfare run`: one scenario under one policy."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from wayfare.cli.decisions import DECISIONS, opened, settled
from wayfare.cli.exits import CheckFailedError
from wayfare.cli.options import loaded, scenario_options

if TYPE_CHECKING:
    from pathlib import Path


@click.command("run")
@scenario_options
@click.option(
    "--policy", metavar="P",
    help="A policy's name, path/to/file.py:Class or grpc://host:port; knobs behind it: hedge:after_s=0.5.",
)  # fmt: skip
@DECISIONS
def command(
    scenario: str,
    policy: str | None,
    decisions: Path | None,
    seed: int | None,
    settings: tuple[str, ...],
    trace: Path | None,
    catalog: Path | None,
    as_json: bool,  # noqa: FBT001  (a flag of the command line)
    out: Path | None,
    quiet: bool,  # noqa: FBT001  (as above)
) -> None:
    """Run SCENARIO (a file or a shipped scenario's name) once and report its cost."""
    from simulator import simulate
    from wayfare.render.terminal.progress import observer
    from wayfare.render.terminal.run import print_run

    asked = () if policy is None else (policy,)
    file, problems = opened(decisions)
    ready = loaded(
        scenario, settings, trace, seed, catalog=catalog, out=out, policies=asked, problems=problems
    )
    result = simulate(ready, policy, observer=observer(quiet=quiet))
    settlement = settled(file, {result.report.policy: result})
    if out is not None:
        from wayfare.render.html.page import run_page
        from wayfare.results.writing import write_run

        write_run(ready, result, out, run_page(ready, result))
    if as_json:
        more = {} if settlement is None else {"decisions_kept": settlement.to_dict()}
        click.echo(json.dumps({**result.report.to_dict(), **more}, indent=2))
    else:
        print_run(ready, result.report)
        if out is not None:
            click.echo(f"wrote {out / 'report.html'}")
        if settlement is not None:
            settlement.show()
    if settlement is not None and settlement.changes:
        raise CheckFailedError
