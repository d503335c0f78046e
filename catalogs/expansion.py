"""How much a YAML text comes to once its aliases are written out, counted before anything is made."""

from __future__ import annotations

from dataclasses import dataclass, field

import yaml


@dataclass(slots=True)
class Collection:
    """An open map or list: its anchor, its values so far and how deep they go."""

    anchor: str | None
    values: int = 1
    height: int = 1


@dataclass(slots=True, kw_only=True)
class Expansion:
    """Counts the values of a text event by event, each alias as much as what it names."""

    most_values: int
    most_nesting: int
    has_aliases: bool = False
    _open: list[Collection] = field(default_factory=list)
    _named: dict[str, Collection] = field(default_factory=dict)
    _values: int = 0

    def problem(self, event: yaml.Event) -> str:
        """What is wrong with the text as far as this event; empty while nothing is."""
        if isinstance(event, yaml.CollectionStartEvent):
            self._values += 1
            self._open.append(Collection(event.anchor))
        elif isinstance(event, yaml.CollectionEndEvent):
            self._close()
        elif isinstance(event, yaml.AliasEvent):
            return self._repeat(str(event.anchor))
        elif isinstance(event, yaml.ScalarEvent):
            self._count(1, 0)
        return self._excess()

    def _close(self) -> None:
        """Adds what ends to what it stands in, and remembers it under its anchor."""
        done = self._open.pop()
        if done.anchor is not None:
            self._named[done.anchor] = done
        if self._open:
            self._open[-1].values += done.values
            self._open[-1].height = max(self._open[-1].height, done.height + 1)

    def _repeat(self, anchor: str) -> str:
        """Counts what an alias stands for; one within what it names has no end."""
        self.has_aliases = True
        if any(one.anchor == anchor for one in self._open):
            return f"alias {anchor!r} is inside what it names"
        named = self._named.get(anchor, Collection(anchor, 1, 0))
        self._count(named.values, named.height)
        return self._excess(named.height)

    def _count(self, values: int, height: int) -> None:
        """Adds values that are not nested here."""
        self._values += values
        if self._open:
            self._open[-1].values += values
            self._open[-1].height = max(self._open[-1].height, height + 1)

    def _excess(self, height: int = 0) -> str:
        """What there is too much of."""
        if self._values > self.most_values:
            return f"more than {self.most_values:,} values"
        if len(self._open) + height > self.most_nesting:
            return f"nested more than {self.most_nesting} deep"
        return ""
