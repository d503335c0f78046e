"""The text that stands for a prompt: requests of a simulation have none of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from router.views.request import RequestView


def prompt_of(request: RequestView) -> str:
    """The id of the request's recorded query; without one a description of what is known of it.

    `stream chat, task reasoning, 321 prompt tokens`: a router with a table of scores finds its row by
    the id, one that reads words finds those.
    """
    if request.query:
        return request.query
    stream = f"stream {request.stream}, " if request.stream else ""
    return f"{stream}task {request.task}, {request.prompt_token_count} prompt tokens"
