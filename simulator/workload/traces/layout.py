"""How a trace format names what Wayfare reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

REQUIRED_ROLES: Final = ("timestamp", "input_tokens", "output_tokens")
OPTIONAL_ROLES: Final = ("max_output_tokens", "session", "prefix_blocks")
ROLES: Final = REQUIRED_ROLES + OPTIONAL_ROLES


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceLayout:
    """A format: lines of CSV or JSON, and the field that plays each role (`ROLES`).

    Fields of optional roles may be absent from a file. Numeric timestamps are multiplied by
    `time_unit_s`; others are ISO 8601, taken as UTC where they name no zone. A layout without
    columns needs a column map from the user.
    """

    container: Literal["csv", "json"]
    columns: Mapping[str, str] | None
    time_unit_s: float = 1.0
