"""`wayfare policies`: what there is to choose from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from router.pipeline.parts import describe_parts
from router.policies.pipeline import PipelinePolicy
from router.registry import BASELINES, describe_policy, policy_names
from wayfare.render.terminal.console import console, plain_table

if TYPE_CHECKING:
    from router.factory import PolicyDescription

WIDE = 150
"""Columns from which on the list has room for sources."""


@click.command("policies")
@click.argument("name", required=False)
def command(name: str | None) -> None:
    """List the routing policies, or say what policy NAME does and takes."""
    if name is None:
        show_all()
    else:
        show(describe_policy(name))


def show_all() -> None:
    """Every policy with the first sentence of its contract, and its source where there is room."""
    out = console()
    wide = out.width >= WIDE
    table = plain_table("policy", "what it does", *(("source",) if wide else ()))
    for known in policy_names():
        about = describe_policy(known)
        mark = " (baseline)" if known in BASELINES else ""
        table.add_row(f"{known}{mark}", about.summary, *((about.source,) if wide else ()))
    out.print(table)


def show(policy: PolicyDescription) -> None:
    """A policy's contract, source and parameters."""
    out = console()
    out.print(policy.name, style="bold")
    out.print(policy.contract)
    if policy.source:
        out.print(f"\nsource: {policy.source}")
    if not policy.parameters:
        out.print("\nIt takes no parameters.")
        return
    table = plain_table("parameter", "default", "about")
    for entry in policy.parameters:
        table.add_row(entry.name, entry.default, entry.about)
    out.print()
    out.print(table)
    if policy.name == PipelinePolicy.name:
        show_parts()


def show_parts() -> None:
    """Every part of a pipeline with its knobs, their defaults, and where the field has it."""
    for part in describe_parts():
        out = console()
        out.print(f"\n{part.kind} {part.name}", style="bold")
        out.print(part.summary)
        out.print(f"Source: {part.source}" if part.source else "Source: none stated")
        table = plain_table("knob", "default", "about")
        for knob in part.parameters:
            table.add_row(knob.name, knob.default, knob.about)
        if part.parameters:
            out.print(table)
