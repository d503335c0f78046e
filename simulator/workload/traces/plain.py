"""CSV and JSON lines of the user's own, read through a column map."""

from __future__ import annotations

from simulator.workload.traces.layout import TraceLayout

PLAIN_CSV = TraceLayout(container="csv", columns=None)
PLAIN_JSONL = TraceLayout(container="json", columns=None)
