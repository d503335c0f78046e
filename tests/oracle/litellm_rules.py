"""LiteLLM's rules for retries and cooldowns (router 1.109.1), written down apart from the router's code.

Everything is worked out anew from the list of all that happened; nothing is kept between questions.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan

STATUS = {
    "rate_limited": 429,
    "server_error": 500,
    "connection_error": 500,
    "unavailable": 503,
    "queue_full": 503,
    "overloaded": 529,
    "timed_out": 408,
    "too_large": 400,
    "context_length": 400,
    "content_policy": 400,
    "invalid_request": 400,
    "refused": 401,
    "forbidden": 403,
    "not_found": 404,
}
"""HTTP status by reason."""
KIND = {
    "rate_limited": "rate_limit",
    "server_error": "server_error",
    "overloaded": "server_error",
    "connection_error": "connection",
    "unavailable": "unavailable",
    "queue_full": "unavailable",
    "timed_out": "timeout",
    "too_large": "context_window",
    "context_length": "context_window",
    "content_policy": "content_policy",
    "invalid_request": "bad_request",
    "refused": "authentication",
    "forbidden": "authentication",
    "not_found": "not_found",
}
"""Class of the error by reason."""


def retry_sleep_s(number, hint_s, *, other_healthy, least_s=0.0, jitter_u=0.0):
    """Sleep before retry `number` from 0: none, the hint up to a minute, or a bounded doubling from 0.5 s."""
    if other_healthy:
        return 0.0
    jitter_s = 0.75 * jitter_u
    if not isnan(hint_s) and 0.0 < hint_s <= 60.0:
        return hint_s + jitter_s
    return min(max(0.5 * 2**number, least_s), 8.0) + jitter_s


def is_retried(reason, *, group_size, healthy_left):
    """Whether a failed attempt is tried again within its group."""
    status = STATUS[reason]
    if healthy_left == 0 or status == 404:
        return False
    if status in (401, 403):
        return group_size > 1
    return status in (408, 409, 429) or status >= 500


@dataclass(frozen=True)
class Ended:
    """An attempt that ended; `reason` is empty for an answer."""

    target: int
    at_s: float
    reason: str = ""


@dataclass(frozen=True)
class Rules:
    """What a router is told of cooldowns."""

    cooldown_s: float = 5.0
    allowed_fails: int | None = None
    by_class: tuple = ()
    fallbacks: bool = False
    disabled: bool = False
    lone_count: int = 1000


def may_cool(reason):
    """Whether a failure may send its target away at all."""
    status = STATUS[reason]
    if reason == "connection_error":
        return False
    return status in (401, 404, 408, 429) if status < 500 else True


def trips(history, rules, group_size):
    """Whether the last of a target's ends, a failure, sends it away."""
    last = history[-1]
    if rules.disabled or not may_cool(last.reason):
        return False
    if rules.allowed_fails is None and not rules.by_class:
        return trips_by_share(history, rules, group_size)
    own = dict(rules.by_class).get(KIND[last.reason])
    if group_size == 1 and not rules.fallbacks and own is None:
        return False
    usual = 3 if rules.allowed_fails is None else rules.allowed_fails
    return counter(history, rules, group_size) > (usual if own is None else own)


def counter(history, rules, group_size):
    """Failures on the counter that the last one is on; a counter lives one cooldown from its first."""
    count, begun_s = 0, None
    for ended in history:
        if not ended.reason or not may_cool(ended.reason):
            continue
        named = KIND[ended.reason] in dict(rules.by_class)
        if group_size == 1 and not rules.fallbacks and not named:
            continue
        if begun_s is None or ended.at_s >= begun_s + rules.cooldown_s:
            count, begun_s = 0, ended.at_s
        count += 1
    return count


def trips_by_share(history, rules, group_size):
    """Whether a 429 with others to go to, a status that stays wrong, or this minute's share sends it away."""
    last = history[-1]
    status = STATUS[last.reason]
    minute = [ended for ended in history if ended.at_s // 60 == last.at_s // 60]
    failed = sum(bool(ended.reason) for ended in minute)
    if status in (401, 404) or (status == 429 and group_size > 1):
        return True
    if failed == len(minute) >= rules.lone_count:
        return True
    return group_size > 1 and len(minute) >= 5 and 2 * failed > len(minute)


def away(events, target, now_s, rules, group_size):
    """Whether a target gets no traffic at an instant, after all these events."""
    own = [ended for ended in events if ended.target == target]
    ends_s = [
        ended.at_s + rules.cooldown_s
        for number, ended in enumerate(own)
        if ended.reason and trips(own[: number + 1], rules, group_size)
    ]
    return bool(ends_s) and now_s < ends_s[-1]
