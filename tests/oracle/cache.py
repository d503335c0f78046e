"""A prefix cache as plain objects: everything is looked for and added up anew each time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oracle.attempt import Attempt

BLOCK_TOKENS = 16
BEHIND_ALL_SEGMENTS = 10**9


@dataclass(slots=True, kw_only=True, eq=False)
class Entry:
    """Tokens in the cache; `freed` orders eviction: boundary, attempt number, from a prompt's end on."""

    key: int | None
    place: int
    tokens: int = 0
    holders: list[Attempt] = field(default_factory=list)
    freed: tuple[int, int, int] = (-1, -1, 0)


def whole_blocks(tokens: int) -> int:
    """Tokens of full blocks."""
    return tokens // BLOCK_TOKENS * BLOCK_TOKENS


class PrefixCache:
    """What one replica remembers of prompts, by the rules of the methodology page."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.entries: list[Entry] = []

    def find(self, key: int) -> Entry | None:
        """The entry under a key."""
        return next((entry for entry in self.entries if entry.key == key), None)

    def held_tokens(self) -> int:
        """Tokens that running sequences hold, each once."""
        return sum(entry.tokens for entry in self.entries if entry.holders)

    def held_prefix(self, attempt: Attempt) -> int:
        """Tokens of a prompt's beginning that others hold."""
        tokens = 0
        for key, length in attempt.segments:
            entry = self.find(key)
            if entry is None or not entry.holders or tokens + length >= attempt.prefill_target:
                break
            tokens += length
        return tokens

    def take(self, attempt: Attempt) -> None:
        """Starts a sequence behind what is found; at least one token is left to compute."""
        found = self.take_segments(attempt) if attempt.segments else self.take_session(attempt)
        attempt.cached += max(0, min(found, attempt.prompt) - attempt.lost)
        attempt.computed = found

    def take_session(self, attempt: Attempt) -> int:
        """Takes a conversation's tokens out of the cache, for the sequence's own."""
        entry = self.find(session_key(attempt)) if attempt.history >= 0 else None
        if entry is None:
            return 0
        found = whole_blocks(min(entry.tokens, attempt.history, attempt.prefill_target - 1))
        if found:
            self.entries.remove(entry)
        return found

    def take_segments(self, attempt: Attempt) -> int:
        """Holds whole segments in a row, then copies the blocks of the next."""
        limit = attempt.prefill_target - 1
        for key, length in attempt.segments:
            entry = self.find(key)
            if entry is None:
                break
            if entry.tokens < length or attempt.shared + length > limit:
                return attempt.shared + whole_blocks(min(entry.tokens, limit - attempt.shared))
            self.hold(entry, attempt)
        return attempt.shared

    def hold(self, entry: Entry, attempt: Attempt) -> None:
        """One holder more."""
        entry.holders.append(attempt)
        attempt.held += 1

    def offer(self, attempt: Attempt) -> None:
        """Enters every segment that is computed to its end; a copy of another's is dropped."""
        for place in range(attempt.held, len(attempt.segments)):
            key, length = attempt.segments[place]
            if attempt.shared + length > attempt.computed:
                return
            entry = self.find(key)
            if entry is None:
                entry = Entry(key=key, place=place)
                self.entries.append(entry)
            entry.tokens = length
            self.hold(entry, attempt)

    def release(self, attempt: Attempt, boundary: int) -> None:
        """Lets a sequence go; what it had stays until it is evicted."""
        rest = whole_blocks(attempt.computed - attempt.shared)
        if rest:
            self.keep(attempt, rest, boundary)
        for key, _length in attempt.segments[: attempt.held]:
            entry = self.find(key)
            assert entry is not None
            entry.holders.remove(attempt)
            entry.freed = max(entry.freed, (boundary, attempt.number, -entry.place))
        attempt.held = 0

    def keep(self, attempt: Attempt, tokens: int, boundary: int) -> None:
        """Keeps what a sequence had alone: under its conversation's key, or as nobody's."""
        talks = not attempt.segments and attempt.history >= 0
        key = session_key(attempt) if talks else None
        entry = None if key is None else self.find(key)
        if entry is None:
            entry = Entry(key=key, place=BEHIND_ALL_SEGMENTS)
            self.entries.append(entry)
        entry.tokens = max(entry.tokens, tokens)
        entry.freed = max(entry.freed, (boundary, attempt.number, -entry.place))

    def trim(self, room: int) -> None:
        """Evicts blocks that nobody holds, the first freed first, until the rest fits."""
        while self.free_tokens() > max(room, 0):
            oldest = min((entry for entry in self.entries if not entry.holders), key=lambda e: e.freed)
            oldest.tokens -= BLOCK_TOKENS
            if not oldest.tokens:
                self.entries.remove(oldest)

    def free_tokens(self) -> int:
        """Tokens that nobody holds."""
        return sum(entry.tokens for entry in self.entries if not entry.holders)


def session_key(attempt: Attempt) -> int:
    """A conversation's key; segments have keys from 0 on."""
    return -2 - attempt.session
