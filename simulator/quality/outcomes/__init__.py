"""Recorded answers: who answered which query right, and how long; they replace the response curve.

Answers stay joint: a request is a query, and every model answers that query as it was recorded.
"""

from simulator.quality.outcomes.errors import InvalidOutcomesError
from simulator.quality.outcomes.reading import read_outcomes
from simulator.quality.outcomes.recorded import OutcomeReading
from simulator.quality.outcomes.table import OutcomeCoverage, OutcomeTable, outcome_table

__all__ = [
    "InvalidOutcomesError",
    "OutcomeCoverage",
    "OutcomeReading",
    "OutcomeTable",
    "outcome_table",
    "read_outcomes",
]
