"""What a workload's prompts repeat, as the kernel's prefix caches are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.kernel.spec import Repeats

if TYPE_CHECKING:
    from simulator.workload.columns import Workload


def repeats_of(workload: Workload) -> Repeats | None:
    """Conversations and shared beginnings by request; None where there are neither."""
    if len(workload.prefix_block) == 0 and not (workload.session >= 0).any():
        return None
    return Repeats(
        session=workload.session,
        history=workload.history_token_count.astype(np.int64),
        offset=workload.prefix_offset,
        key=workload.prefix_block,
        tokens=workload.prefix_tokens,
    )
