"""Grafana dashboards of simulated runs, written by `python -m dashboards`; Prometheus beside them."""
