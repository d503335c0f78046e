"""What a month is made of: the window's hours, and its traffic beside that of a month's mean day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """By request, its stream's mean rate over a whole week over that in the window; and in words,
    what the month's traffic is taken to be.
    """

    factor_of_request: NDArray[np.float64]
    basis: str
