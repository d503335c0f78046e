"""The report: what a run means, in the fields users rely on (schema `wayfare.report/1`)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from math import isnan
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"

SCHEMA = "wayfare.report/1"
OUTSIDE_DIGEST = ("wall_s", "digest")


def without_nan(value: Json) -> Json:
    """The value with None for every number that is nan: a sum of which a part is not known."""
    if isinstance(value, dict):
        return {key: without_nan(below) for key, below in value.items()}
    if isinstance(value, list):
        return [without_nan(below) for below in value]
    return None if isinstance(value, float) and isnan(value) else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One policy's figures under one scenario; a mean over replications where there are several.

    `fields` holds everything but the digest, in the order it is shown.
    """

    policy: str
    fields: dict[str, Json] = field(repr=False)

    @property
    def digest(self) -> str:
        """SHA-256 of the report without wall time: same seed, same scenario, same digest."""
        inside = {key: value for key, value in self.fields.items() if key not in OUTSIDE_DIGEST}
        text = json.dumps(inside, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def to_dict(self) -> dict[str, Json]:
        """The report as plain data, JSON-ready."""
        return {**self.fields, "digest": self.digest}

    def figure(self, path: str) -> float | None:
        """The number at a dotted path such as `cost_usd.total`; None where it is undefined.

        Raises:
            KeyError: there is no such path, or it is no number.
        """
        value: Json = self.fields
        for key in path.split("."):
            if not isinstance(value, dict) or key not in value:
                raise KeyError(path)
            value = value[key]
        if value is None or isinstance(value, int | float):
            return value
        raise KeyError(path)
