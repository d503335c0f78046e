"""A request together with what a log says served it; only for policies that replay one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.views.request import RequestView

if TYPE_CHECKING:
    from router.views.request import RequestTable


class ReplayRequestView(RequestView):
    """One request as a replay sees it: with the log's own choice, known only afterwards."""

    __slots__ = ()

    def __init__(self, table: RequestTable, index: int = 0, now_s: float = 0.0) -> None:
        """Looks at row `index` of `table`, its recorded choice included."""
        super().__init__(table, index, now_s)

    @property
    def recorded_names(self) -> tuple[str, ...]:
        """What the log calls the deployment that served the request, then its models; none where none is."""
        code = self._table.recorded_code
        number = -1 if code is None else code.item(self.index)
        return self._table.recorded_names[number] if number >= 0 else ()
