"""What prompts repeat: told to the kernel where there is a conversation or a shared beginning."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from simulator.plan.repeats import repeats_of
from simulator.workload.columns import Workload


def workload(session: int, block_count: int) -> Workload:
    """One request of a conversation (-1: of none) with so many named blocks."""
    made = SimpleNamespace(
        session=np.array([session]),
        history_token_count=np.array([3], np.int32),
        prefix_offset=np.array([0, block_count]),
        prefix_block=np.arange(block_count),
        prefix_tokens=np.full(block_count, 16),
    )
    return cast("Workload", made)


@pytest.mark.parametrize(("session", "block_count"), [(0, 0), (-1, 2), (5, 1)])
def test_conversations_and_shared_beginnings_are_told(session: int, block_count: int) -> None:
    """Either is enough; columns come through as they are."""
    found = repeats_of(workload(session, block_count))
    assert found is not None
    assert (found.session.tolist(), found.history.tolist()) == ([session], [3])
    assert (found.key.tolist(), found.tokens.tolist()) == (list(range(block_count)), [16] * block_count)
    assert found.history.dtype == np.int64


def test_single_prompts_repeat_nothing() -> None:
    """Without either there is nothing to tell."""
    assert repeats_of(workload(-1, 0)) is None
