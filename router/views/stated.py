"""A request whose facts were stated by the caller, not looked up in columns."""

from __future__ import annotations

from math import nan

from router.errors import UnknownScoreError
from router.views.request import RequestView


class StatedRequest(RequestView):
    """One request as a live router, or a policy in another process, receives it.

    Shows what a `RequestView` shows, with the same meanings.
    """

    __slots__ = (
        "deferrable_until_s",
        "e2e_limit_s",
        "estimated_difficulty",
        "history_token_count",
        "max_output_token_count",
        "prefix_blocks",
        "prompt_token_count",
        "query",
        "region",
        "router_score",
        "session",
        "stream",
        "task",
        "tenant",
        "ttft_limit_s",
        "turn",
    )

    task: str
    stream: str
    tenant: str
    region: str
    prompt_token_count: int
    max_output_token_count: int
    estimated_difficulty: float
    router_score: float
    session: int
    turn: int
    ttft_limit_s: float
    e2e_limit_s: float
    deferrable_until_s: float
    prefix_blocks: tuple[int, ...]
    history_token_count: int
    query: str

    def __init__(
        self,
        *,
        index: int,
        now_s: float,
        task: str,
        tenant: str,
        region: str,
        prompt_token_count: int,
        max_output_token_count: int,
        estimated_difficulty: float = nan,
        router_score: float = nan,
        session: int = -1,
        turn: int = 0,
        ttft_limit_s: float = nan,
        e2e_limit_s: float = nan,
        stream: str = "",
        deferrable_until_s: float = nan,
        prefix_blocks: tuple[int, ...] = (),
        history_token_count: int = 0,
        query: str = "",
    ) -> None:
        """States every fact; `index` is the request's number, `now_s` the instant of the decision."""
        self.index = index
        self.now_s = now_s
        self.task = task
        self.stream = stream
        self.tenant = tenant
        self.region = region
        self.prompt_token_count = prompt_token_count
        self.max_output_token_count = max_output_token_count
        self.estimated_difficulty = estimated_difficulty
        self.router_score = router_score
        self.session = session
        self.turn = turn
        self.ttft_limit_s = ttft_limit_s
        self.e2e_limit_s = e2e_limit_s
        self.deferrable_until_s = deferrable_until_s
        self.prefix_blocks = prefix_blocks
        self.history_token_count = history_token_count
        self.query = query

    def score(self, name: str | None = None) -> float:
        """The one score that callers state.

        Raises:
            UnknownScoreError: another one is asked for by name.
        """
        if name is None:
            return self.router_score
        raise UnknownScoreError(f"no router score {name!r}: stated requests have router_score alone")
