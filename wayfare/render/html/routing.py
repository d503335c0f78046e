"""The page's table of routing quality: every policy beside single models, their mixes, and the oracle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from wayfare.render.html.markup import Cell, Line, section, table
from wayfare.render.numbers import DASH, share, significant, usd, usd_per_thousand

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulator import Comparison

    Measures = Mapping[str, Any]

HEADS = (
    "gap recovered",
    "same accuracy by mixing, $/1k",
    "saving over the mix",
    "accuracy over the mix",
    "arena score",
    "accuracy below the oracle",
    "$/1k above the oracle",
)
CAPTION = (
    "What routing gains, apart from latency. Gap recovered: of the accuracy between always_cheapest and "
    "always_strongest. The mix: single models of this comparison mixed at random, without any insight. "
    "Arena score: RouterArena's number for accuracy and cost, 0 to 1. Points are percentage points."
)
EFFECT_HEADS = (
    "right in time, /s",
    "right in time per $",
    "attempts per request",
    "fallbacks, most",
    "lost to hedging",
    "lost to cascading",
    "model switches per session",
    "fairness over tenants",
    "constraint violations",
)
EFFECTS = (
    "Of the first replication. Right in time: right answers within all objectives; dollars without idle "
    "capacity. Lost: what attempts cost whose answers were not used. Fairness: Jain's index of attainment, "
    "1 where all tenants fare alike."
)
POINTS = 100.0


def routing_section(comparison: Comparison) -> str:
    """One row a policy."""
    lines = [routing_line(comparison.routing_quality, report.policy) for report in comparison.reports]
    effects = cast("Mapping[str, Measures]", comparison.routing_quality["effects"])
    more = [effect_line(name, found) for name, found in effects.items()]
    return section("Routing quality", CAPTION, table("policy", HEADS, lines)) + section(
        "Effects of routing", EFFECTS, table("policy", EFFECT_HEADS, more)
    )


def effect_line(policy: str, found: Measures) -> Line:
    """A policy's row of effects."""
    cells = (
        number(found["good_answers_per_s"]),
        number(found["good_answers_per_usd"]),
        number(found["attempts_per_request"]),
        str(found["fallback_depth_max"]),
        usd(found["hedge_waste_usd"]),
        usd(found["cascade_waste_usd"]),
        number(found["model_switches_per_session"]),
        number(found["tenant_fairness"]),
        str(found["constraint_violations"]),
    )
    return Line(name=policy, cells=[Cell(text) for text in cells])


def number(value: float | None) -> str:
    """Three significant digits; a dash where unknown."""
    return DASH if value is None else significant(value)


def routing_line(measures: Measures, policy: str) -> Line:
    """A policy's row."""
    mix = cast("Measures", measures["against_mixes"].get(policy) or {})
    regret = cast("Measures", measures["regret"].get(policy) or {})
    cells = (
        ratio(measures["pgr"].get(policy)),
        usd_or_dash(mix.get("usd_per_request_of_mix")),
        ratio(mix.get("saving_ratio")),
        points(mix.get("quality_gain")),
        DASH if measures["arena_score"].get(policy) is None else f"{measures['arena_score'][policy]:.3f}",
        points(regret.get("success_ratio")),
        usd_or_dash(regret.get("usd_per_request")),
    )
    return Line(name=policy, cells=[Cell(text) for text in cells])


def ratio(value: float | None) -> str:
    """A share in percent, negative ones too; a dash where unknown."""
    return DASH if value is None else f"{'-' if value < 0 else ''}{share(abs(value))}"


def points(value: float | None) -> str:
    """A difference of shares in percentage points."""
    return DASH if value is None else f"{value * POINTS:+.1f}"


def usd_or_dash(value: float | None) -> str:
    """Dollars for a thousand requests."""
    return usd_per_thousand(value)
