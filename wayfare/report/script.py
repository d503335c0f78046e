"""The charts' program: Vega and its embedding, bundled, and the lines that draw every chart."""

from __future__ import annotations

from functools import cache

import vl_convert

DRAW = """
const dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
for (const held of document.querySelectorAll("script[data-chart]")) {
  vegaEmbed("#" + held.dataset.chart, JSON.parse(held.textContent),
    {actions: {export: true, source: false, compiled: false, editor: false}, theme: dark ? "dark" : undefined,
     renderer: "svg", config: {background: "transparent"}});
}
"""


@cache
def chart_program() -> str:
    """The program as one piece of JavaScript that loads nothing."""
    bundle: str = vl_convert.javascript_bundle()  # type: ignore[call-arg]
    return (bundle + DRAW).replace("</script", "<\\/script")
