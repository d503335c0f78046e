"""What a run asked of the users' own devices, in words: a line by deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wayfare.render.numbers import energy, share

if TYPE_CHECKING:
    from simulator import Report
    from simulator.report.blocks.devices import DeviceFigures


def device_lines(report: Report) -> list[str]:
    """By deployment: charge a day, how much slower hot devices were, and how often they were off."""
    return [
        f"devices of {name}: {'; '.join([*told(block), *own_energy(report, name)])}"
        for name, block in report.devices.items()
    ]


def own_energy(report: Report, name: str) -> list[str]:
    """What a deployment's devices drew on their owners' account, which no total of the operator holds."""
    drawn_wh = report.by.deployment[name].energy_wh.user_side
    return [f"{energy(drawn_wh)} paid by their owners"] if drawn_wh else []


def told(block: DeviceFigures) -> list[str]:
    """One deployment's devices; only what is known and happened."""
    charge = block.charge_ratio_per_day
    parts = [f"{block.count:,.0f}"]
    if charge and charge.mean is not None:
        parts.append(f"{share(charge.mean)} of a charge a day each, p99 {share(charge.p99)}")
    if block.slowdown:
        parts.append(f"answers take {block.slowdown:.2f} times as long as on cold ones")
    if block.offline_ratio:
        parts.append(f"off for {share(block.offline_ratio)} of requests")
    return parts
