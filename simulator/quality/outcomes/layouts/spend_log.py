"""Logs of spending say what an answer cost, and not whether it was right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simulator.quality.outcomes.columns import plain_name, roles_of
from simulator.quality.outcomes.errors import fail

if TYPE_CHECKING:
    from simulator.tables import Table

MARKS: Final = frozenset(
    {"spend", "call_type", "api_key", "starttime", "endtime", "cache_hit", "model_group"}
)
ENOUGH: Final = 3


def demand_no_spend_log(table: Table) -> None:
    """Refuses LiteLLM's spend logs with what they lack and what they can be used for.

    Raises:
        InvalidOutcomesError: the table is one.
    """
    marks = MARKS & {plain_name(name) for name in table.names}
    if len(marks) < ENOUGH or "correct" in roles_of(table.names):
        return
    what = (
        "a LiteLLM spend log has no column that says whether an answer was right; play it as traffic with "
        "--trace, or add a column 'correct' (0 or 1) and 'query' (the same for the same question)"
    )
    fail(table.source, "row 1", what)
