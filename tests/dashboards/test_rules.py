"""Prometheus' configuration and rules, judged by promtool."""

from __future__ import annotations

import subprocess
from pathlib import Path

import yaml

from prometheus_server import program

FOLDER = Path(__file__).resolve().parents[2] / "dashboards" / "prometheus"
TESTS = sorted((FOLDER / "tests").glob("*.yml"))
RULES = sorted((FOLDER / "rules").glob("*.yml"))


def promtool(*words):
    """What promtool says; nothing when it failed."""
    done = subprocess.run(
        [program("promtool"), *map(str, words)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_configuration_is_valid():
    """Prometheus can read its configuration and the rules it names."""
    assert f"{len(RULES)} rule files found" in promtool("check", "config", FOLDER / "prometheus.yml")


def test_rules_do_what_their_tests_say():
    """Recording rules give the right numbers; alerts fire when they should and only then."""
    assert promtool("test", "rules", *TESTS).count("SUCCESS") == len(TESTS)


def test_every_alert_is_tested():
    """No alert is without a case in which it fires."""
    alerts = {
        rule["alert"]
        for group in yaml.safe_load((FOLDER / "rules" / "alerts.yml").read_text(encoding="utf-8"))["groups"]
        for rule in group["rules"]
    }
    cases = yaml.safe_load((FOLDER / "tests" / "alerts.yml").read_text(encoding="utf-8"))["tests"]
    fired = {check["alertname"] for case in cases for check in case["alert_rule_test"] if check["exp_alerts"]}
    assert fired == alerts


def test_the_past_is_taken():
    """Several runs may write to one past day."""
    settings = yaml.safe_load((FOLDER / "prometheus.yml").read_text(encoding="utf-8"))
    assert settings["storage"]["tsdb"]["out_of_order_time_window"] == "10y"
