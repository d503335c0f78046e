"""The layouts of recorded answers that are read; which one a file has is seen from its columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simulator.quality.outcomes.errors import fail
from simulator.quality.outcomes.layouts.long import LONG
from simulator.quality.outcomes.layouts.mmlu_pro import MMLU_PRO
from simulator.quality.outcomes.layouts.router_arena import ROUTER_ARENA
from simulator.quality.outcomes.layouts.spend_log import demand_no_spend_log
from simulator.quality.outcomes.layouts.wide import SUFFIXED, TRUE_OR_FALSE, WITH_BARS
from simulator.quality.outcomes.layouts.zero_eval import ZERO_EVAL

if TYPE_CHECKING:
    from simulator.quality.outcomes.layout import OutcomeLayout
    from simulator.tables import Table

LAYOUTS: Final[tuple[OutcomeLayout, ...]] = (
    WITH_BARS,
    SUFFIXED,
    ROUTER_ARENA,
    MMLU_PRO,
    ZERO_EVAL,
    LONG,
    TRUE_OR_FALSE,
)
"""In the order in which they are tried."""


def layout_of(table: Table) -> OutcomeLayout:
    """The first layout that the table has.

    Raises:
        InvalidOutcomesError: it has none.
    """
    demand_no_spend_log(table)
    for layout in LAYOUTS:
        if layout.matches(table):
            return layout
    allowed = "; ".join(f"{layout.name}: {layout.columns}" for layout in LAYOUTS)
    shown = ", ".join(map(repr, [name for name in table.names if name][:20]))
    return fail(table.source, "row 1", f"no layout of recorded answers has the columns {shown}; {allowed}")
