"""How a trace format names what Wayfare reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

REQUIRED_ROLES: Final = ("timestamp", "input_tokens", "output_tokens")
OPTIONAL_ROLES: Final = (
    "max_output_tokens", "session", "prefix_blocks", "prefix_block_tokens",
    "status", "cache_hit", "call_type", "model",
)  # fmt: skip
ROLES: Final = REQUIRED_ROLES + OPTIONAL_ROLES


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceLayout:
    """A format: the fields that may play each role (`ROLES`), the first that a row has being taken.

    Fields of optional roles may be absent from a file. `time_unit` is that of numbers counted from
    the first request (`None`: seconds where nothing else is stated); epochs are recognised by size, and
    texts are ISO 8601, taken as UTC where they name no zone. `block_tokens` is the size of the prompt
    blocks that `prefix_blocks` names. `marks` are further fields that a file of the format has. A
    layout without columns needs a column map from the user.
    """

    columns: Mapping[str, tuple[str, ...]] | None
    time_unit: str | None = None
    block_tokens: int | None = None
    marks: tuple[str, ...] = ()
