"""Numbers with Grafana's units, about as Grafana writes them."""

from __future__ import annotations

import math

from dashboards.units import SCALED, SUFFIX

AMOUNTS = {"s": "s", "watth": "Wh", "watt": "W", "massg": "g", "joule": "J", "bytes": "B"}
SUFFIXES = AMOUNTS | {"reqps": "req/s", "ops": "/s"}
PREFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""), (1e-3, "m"))


def written(value: float, unit: str, decimals: int | None = None) -> str:
    """A value with its unit: `$294.84`, `30.6 kWh`, `90.3 %`."""
    if math.isnan(value):
        return "none"
    if unit == "currencyUSD":
        return f"${value:,.{2 if decimals is None else decimals}f}"
    if unit == "percentunit":
        return f"{100 * value:.{1 if decimals is None else decimals}f} %"
    if unit.startswith(SUFFIX):
        return f"{value:,.{2 if decimals is None else decimals}f}{unit.removeprefix(SUFFIX)}"
    factor, prefix = scale_of(value, unit)
    number = f"{value / factor:,.{1 if decimals is None else decimals}f}"
    return f"{number} {prefix}{symbol(unit)}".rstrip()


def symbol(unit: str) -> str:
    """What stands behind the number and its prefix."""
    return unit.removeprefix(SCALED) if unit.startswith(SCALED) else SUFFIXES.get(unit, "")


def scale_of(value: float, unit: str) -> tuple[float, str]:
    """The prefix that leaves one to three digits before the point; seconds have no kilo, counts no prefix."""
    if unit not in AMOUNTS and not unit.startswith(SCALED):
        return 1.0, ""
    offered = [each for each in PREFIXES if unit != "s" or each[0] <= 1]
    return next((each for each in offered if abs(value) >= each[0]), offered[-1] if value else (1.0, ""))


def axis_expression(unit: str) -> str:
    """The Vega expression that writes the numbers of an axis."""
    scaled = "format(datum.value, '~s')"
    plain = "(abs(datum.value) >= 1000 ? format(datum.value, '~s') : format(datum.value, '~g'))"
    if unit == "currencyUSD":
        return f"'$' + {plain}"
    if unit == "percentunit":
        return "format(datum.value, '~%')"
    if unit.startswith(SUFFIX):
        return f"{plain} + '{unit.removeprefix(SUFFIX)}'"
    if unit in AMOUNTS or unit.startswith(SCALED):
        return f"{scaled} + '{symbol(unit)}'"
    return f"{plain} + ' {symbol(unit)}'"
