"""What the terminal and the page tell of the users' own devices."""

from __future__ import annotations

from simulator import load_scenario, simulate
from wayfare.render.html.page import run_page
from wayfare.render.terminal.devices import device_lines
from world_cases import scenario


def test_devices_are_told_in_a_line_and_on_the_page() -> None:
    """Charge, slowdown and absence stand in both; the figures are those of the report."""
    world = load_scenario("edge-fleet", overrides=["duration=1h"])
    result = simulate(world)
    block = result.report.plain["devices"]["phone"]
    (line,) = device_lines(result.report)
    assert line.startswith("devices of phone: 500; ")
    assert f"{block['charge_ratio_per_day']['mean']:.1%}".replace("%", " %") in line
    assert f"{block['slowdown']:.2f} times as long" in line
    assert "off for" in line
    assert line in run_page(world, result)


def test_fleets_without_devices_say_nothing_of_them() -> None:
    """No line, no section."""
    world = scenario()
    result = simulate(world)
    assert device_lines(result.report) == []
    assert "Users' devices" not in run_page(world, result)
