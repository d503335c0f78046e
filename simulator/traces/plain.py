"""Tables of the user's own, in any container, read through a column map."""

from __future__ import annotations

from simulator.traces.layout import TraceLayout

PLAIN = TraceLayout(columns=None)
