"""`wayfare catalog`: the facts, where they come from, and where editions disagree."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from catalogs import Catalog, InvalidCatalogError, UnknownEntryError, editions, load_catalog
from catalogs.differences import differences
from catalogs.near_names import did_you_mean
from wayfare.cli.exits import CheckFailedError
from wayfare.cli.import_model import command as import_model
from wayfare.render.terminal.console import console, plain_table

if TYPE_CHECKING:
    from catalogs.records import Entry

EDITION = click.option("--edition", default="measured", show_default=True, help="Which edition.")


@click.group("catalog")
def command() -> None:
    """Show the facts that simulations use, with their sources."""


@command.command("list")
@click.argument("kind", required=False)
@EDITION
def list_entries(kind: str | None, edition: str) -> None:
    """List all entries, or those of one KIND (models, offers, accelerators, ...)."""
    catalog = load_catalog(edition)
    table = plain_table("kind", "entries")
    for name, entries in kinds_of(catalog, kind).items():
        table.add_row(name, ", ".join(entries))
    console().print(table)


command.add_command(import_model)


def kinds_of(catalog: Catalog, kind: str | None) -> dict[str, dict[str, Entry]]:
    """The entries of all kinds, or of the one asked for; raises `UnknownEntryError`."""
    kinds = {name: dict(entries) for name, entries in catalog.kinds().items()}
    if kind is None:
        return kinds
    if kind not in kinds:
        message = f"unknown kind {kind!r}; known: {', '.join(map(repr, kinds))}"
        raise UnknownEntryError(message)
    return {kind: kinds[kind]}


@command.command("show")
@click.argument("name")
@EDITION
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(name: str, edition: str, as_json: bool) -> None:  # noqa: FBT001  (a flag of the command line)
    """Show every figure of the entry NAME, with its source."""
    catalog = load_catalog(edition)
    found = [(kind, entry) for kind, entry in catalog.entries() if entry.name == name]
    if not found:
        names = sorted({entry.name for _kind, entry in catalog.entries()})
        near = did_you_mean(name, names, count=3)
        message = f"unknown entry {name!r}; {near}`wayfare catalog list` shows all {len(names)}"
        raise UnknownEntryError(message)
    for kind, entry in found:
        if as_json:
            click.echo(json.dumps({"kind": kind, **entry.model_dump(mode="json")}, indent=2))
        else:
            print_entry(kind, entry)


def print_entry(kind: str, entry: Entry) -> None:
    """One entry as a table of figures and sources."""
    out = console()
    out.print(f"{entry.name} ({kind})", style="bold")
    table = plain_table("figure", "value", "source")
    for path, value in figures_of(entry).items():
        origin = entry.origin_of(path)
        mark = " [estimate]" if origin.estimate else ""
        table.add_row(path, str(value), f"{origin.source}{mark}")
    out.print(table)


def figures_of(entry: Entry) -> dict[str, object]:
    """Every figure of an entry by its dotted path."""
    from catalogs.differences import figures

    return figures(entry)


@command.command("check")
def check() -> None:
    """Check every file of every edition: list every problem; exit code 1 if there is one."""
    problems = 0
    for edition in editions():
        try:
            catalog = load_catalog(edition)
        except InvalidCatalogError as error:
            click.echo(str(error), err=True)
            problems += len(error.problems)
        else:
            count = sum(1 for _entry in catalog.entries())
            click.echo(f"{edition}: {count} entries, no problems")
    if problems:
        raise CheckFailedError(problems)


@command.command("diff")
@click.argument("first")
@click.argument("second")
def diff(first: str, second: str) -> None:
    """Print every figure in which edition FIRST and edition SECOND disagree, with both sources."""
    for found in differences(load_catalog(first), load_catalog(second)):
        click.echo(f"{found.kind}.{found.name}.{found.path}")
        wide = max(len(first), len(second))
        for edition, value, source in (
            (first, found.first, found.first_source),
            (second, found.second, found.second_source),
        ):
            click.echo(f"  {edition:<{wide}}  {value}  [{source}]")
