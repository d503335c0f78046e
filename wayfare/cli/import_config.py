"""`wayfare import`: what another program is configured with, as a scenario."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from wayfare.errors import WrongInputError

if TYPE_CHECKING:
    from wayfare.litellm.imported import ImportedGateway


@click.group("import")
def command() -> None:
    """Make a scenario of another program's configuration."""


@command.command("litellm")
@click.argument("config", type=click.Path(path_type=Path))
@click.option("-o", "--out", "target", type=click.Path(path_type=Path), help="Write here, not to stdout.")
@click.option(
    "--map", "maps", multiple=True, metavar="MODEL=OFFER",
    help="What serves a model or an entry's id: an offer, or own chips as MODEL@ACCELERATOR. Repeatable.",
)  # fmt: skip
@click.option(
    "--group", metavar="NAME", help="Model group that requests ask for; needed if there are several."
)
@click.option("--rate", default="1/s", show_default=True, help="Requests, e.g. 12/s or 90/min.")
@click.option(
    "--region", default="us-virginia", show_default=True, help="Where requests come from and go to."
)
@click.option("--task", default="general_chat", show_default=True, help="Kind of requests.")
@click.option("--ignore-unsupported", is_flag=True, help="Leave out what cannot be simulated; it is listed.")
def litellm(
    config: Path,
    target: Path | None,
    maps: tuple[str, ...],
    group: str | None,
    rate: str,
    region: str,
    task: str,
    ignore_unsupported: bool,  # noqa: FBT001  (a flag of the command line)
) -> None:
    """Turn a LiteLLM proxy's CONFIG into a scenario: its deployments, policy, retries and fallbacks.

    Prints YAML that `wayfare run` takes. What serves each model must be known to the catalog or be told
    by --map; keys and addresses are never read. LiteLLM need not be installed.
    """
    from catalogs import load_catalog
    from simulator.traces.conversion import write_whole
    from wayfare.litellm.imported import imported_gateway
    from wayfare.litellm.scenario_text import AssumedTraffic, scenario_text

    catalog = load_catalog()
    gateway = imported_gateway(str(config), catalog, group=group, region=region, stated=mapping(maps))
    check_supported(gateway, ignored=ignore_unsupported)
    traffic = AssumedTraffic(rate=rate, task=task, region=region, start=str(catalog.date))
    text = scenario_text(gateway, traffic)
    check_loads(text)
    if target is None:
        click.echo(text, nl=False)
        return
    write_whole(target, text.encode())
    click.echo(f"wrote {target}")


def mapping(maps: tuple[str, ...]) -> dict[str, str]:
    """What serves a model, by the model or an entry's id.

    Raises:
        UsageError: a text is no `MODEL=OFFER`, or gives a model twice.
    """
    found: dict[str, str] = {}
    for text in maps:
        name, equals, offer = text.rpartition("=")
        if not equals or not name or not offer or name in found:
            message = f"--map {text!r} is not MODEL=OFFER, or is given twice"
            raise click.UsageError(message)
        found[name] = offer
    return found


def check_supported(gateway: ImportedGateway, *, ignored: bool) -> None:
    """Says what is left out, where that is wished.

    Raises:
        WrongInputError: lists what cannot be simulated, where it is not.
    """
    if not gateway.unsupported:
        return
    listed = "\n".join(f"  {text}" for text in gateway.unsupported)
    if not ignored:
        raise WrongInputError(
            f"{gateway.path}: a scenario has nothing for these settings; remove them, or leave them out by "
            f"--ignore-unsupported\n{listed}"
        )
    click.echo(f"note: left out:\n{listed}", err=True)


def check_loads(text: str) -> None:
    """Nothing, where the scenario can be run.

    Raises:
        InvalidScenarioError: lists all that is wrong with it.
    """
    from simulator import load_scenario
    from wayfare.litellm.scenario_text import parsed

    load_scenario(parsed(text))
