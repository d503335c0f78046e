"""Warnings of what stood there for nothing: deployments without an answer, streams without a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from simulator.report.blocks.rows import Block

CENT_USD = 0.01


def idle_warnings(
    by_deployment: Mapping[str, Block], stream_names: tuple[str, ...], arrived: NDArray[np.int64]
) -> Iterator[str]:
    """What there is to say of rows of the report's breakdown and of requests by stream.

    `by_deployment` are the rows of `by.deployment`, `arrived` the requests of each stream within
    the window.
    """
    for name, row in by_deployment.items():
        yield from of_deployment(name, row)
    for name, count in zip(stream_names, arrived, strict=True):
        if count == 0:
            yield f"stream {name!r}: no request arrived in the window; nobody measured its objectives"


def of_deployment(name: str, row: Block) -> Iterator[str]:
    """A deployment that answered nothing and cost something, with what it cost."""
    total_usd = row.cost_usd.total or 0.0
    idle_usd = row.cost_usd.capacity_idle or 0.0
    if not row.requests.completed and total_usd >= CENT_USD:
        yield f"{name}: answered nothing, and cost ${total_usd:,.2f}, of which ${idle_usd:,.2f} idle"
