"""The charts' program: Vega and its embedding, bundled, and the lines that draw every chart."""

from __future__ import annotations

from functools import cache

import vl_convert

DRAW = """
const dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
const ink = dark ? "#e6e9ed" : "#1d2733", grid = dark ? "#3a434d" : "#d8dde3";
const shaded = text => dark ? text.replaceAll("#2f6690", "#5b9bc9") : text;
const narrow = 640, gap = 24;
function fitted(spec, room) {
  const within = spec.spec || spec, margin = (spec.usermeta || {}).margin || 60;
  let columns = spec.columns || 1;
  if (room < narrow && columns > 1) { columns = spec.columns = 1; }
  within.width = Math.max(160, Math.floor((room - gap - margin - (columns - 1) * gap) / columns));
  return spec;
}
for (const held of document.querySelectorAll("script[data-chart]")) {
  const place = document.getElementById(held.dataset.chart);
  const room = place.clientWidth;
  vegaEmbed(place, fitted(JSON.parse(shaded(held.textContent)), room),
    {actions: false, theme: dark ? "dark" : undefined, renderer: "svg",
     config: {background: "transparent", text: {color: ink}, axis: {gridColor: grid},
       legend: {orient: "bottom", columns: room < narrow ? 2 : 6, symbolBaseFillColor: ink}}});
}
"""


@cache
def chart_program() -> str:
    """The program as one piece of JavaScript that loads nothing and cannot end its element."""
    bundle: str = vl_convert.javascript_bundle()  # type: ignore[call-arg]  # the snippet may be left out
    return (bundle + DRAW).replace("</script", "<\\/script").replace("<!--", "\\x3c!--")
