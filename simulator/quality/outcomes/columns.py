"""Which column means what, however it is spelt; and which columns are a router's scores."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    "query": (
        "query", "query_id", "qid", "question_id", "prompt_id", "sample_id", "global_index", "item_id",
        "example_id", "instance_id", "doc_id", "task_id", "uid", "id",
    ),
    "place": ("row", "row_id", "row_number", "idx", "index"),
    "model": ("model", "model_name", "model_id", "llm", "llm_selected"),
    "correct": (
        "correct", "is_correct", "model_correct", "right", "accuracy", "acc", "performance", "passed",
        "solved",
    ),
    "output_tokens": (
        "output_tokens", "output_token_count", "output_tokens_cl100k", "completion_tokens",
        "generated_tokens", "answer_tokens", "response_tokens",
    ),
    "cost": ("cost", "cost_usd", "total_cost", "usd", "inference_cost", "spend"),
    "prompt_tokens": (
        "prompt_tokens", "prompt_token_count", "prompt_tokens_cl100k", "input_tokens", "input_token_count",
        "question_tokens", "question_tokens_cl100k",
    ),
    "segment": (
        "segment", "category", "domain", "subject", "task", "task_name", "eval_name", "dataset",
        "dataset_name", "benchmark", "src",
    ),
    "no_answer": ("no_answer",),
    "contaminated": ("contaminated",),
}  # fmt: skip
"""Names of columns by what they say, each list in order of preference; compared in lower case, with `_`
for whatever is neither letter nor digit."""
SCORE: Final = re.compile(r"(^|_)(scores?|win_rate)(_|$)")
TOKEN_WORD: Final = re.compile(r"(^|_)cl100k(_|$)")


def plain_name(name: str) -> str:
    """A column's name in lower case, with `_` for everything else than letters and digits."""
    return re.sub(r"[^a-z0-9]+", "_", name.strip().lower()).strip("_")


def roles_of(names: Iterable[str]) -> dict[str, str]:
    """The column for each role that the names fill; the preferred spelling where there are several."""
    by_plain: dict[str, str] = {}
    for name in names:
        by_plain.setdefault(plain_name(name), name)
    found = {}
    for role, spellings in ROLES.items():
        column = next((by_plain[one] for one in spellings if one in by_plain), None)
        if column is not None:
            found[role] = column
    return found


def score_columns(names: Iterable[str]) -> tuple[str, ...]:
    """The columns whose name calls them a score or a win rate."""
    return tuple(name for name in names if SCORE.search(plain_name(name)))


def spelt(role: str, most: int = 4) -> str:
    """The first spellings of a role, for messages."""
    return " or ".join(ROLES[role][:most])
