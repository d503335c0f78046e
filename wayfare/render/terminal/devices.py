"""What a run asked of the users' own devices, in words: a line by deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from wayfare.render.numbers import energy, share

if TYPE_CHECKING:
    from simulator import Report


def device_lines(report: Report) -> list[str]:
    """By deployment: charge a day, how much slower hot devices were, and how often they were off."""
    devices = cast("dict[str, dict[str, Any]]", report.fields["devices"])
    return [
        f"devices of {name}: {'; '.join([*told(block), *own_energy(report, name)])}"
        for name, block in devices.items()
    ]


def own_energy(report: Report, name: str) -> list[str]:
    """What a deployment's devices drew on their owners' account, which no total of the operator holds."""
    by = cast("dict[str, dict[str, dict[str, Any]]]", report.fields["by"])
    drawn_wh = by["deployment"][name]["energy_wh"]["user_side"]
    return [f"{energy(drawn_wh)} paid by their owners"] if drawn_wh else []


def told(block: dict[str, Any]) -> list[str]:
    """One deployment's devices; only what is known and happened."""
    charge, slowdown, off = block["charge_ratio_per_day"], block["slowdown"], block["offline_ratio"]
    parts = [f"{block['count']:,.0f}"]
    if charge and charge["mean"] is not None:
        parts.append(f"{share(charge['mean'])} of a charge a day each, p99 {share(charge['p99'])}")
    if slowdown:
        parts.append(f"answers take {slowdown:.2f} times as long as on cold ones")
    if off:
        parts.append(f"off for {share(off)} of requests")
    return parts
