"""Named sources of randomness: generators for columns, and draws that are functions of a key.

Common random numbers by key, not by order: a draw made during a run is a hash of the seed, a
stream name and integers (request, attempt ...), so that two policies meet the same chances even
when one asks more often. Columns made before the run come from named generators, so that one
stream's parameters never move another's draws.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

MASK = 0xFFFF_FFFF_FFFF_FFFF
# Each key is folded in by xor, an odd multiplier (SplitMix64's gamma, the golden ratio) and a
# shift; SplitMix64's output function ends it. Steele, Lea and Flood, "Fast splittable
# pseudorandom number generators", OOPSLA 2014, figure 16, with Stafford's mixer 13.
GAMMA = 0x9E37_79B9_7F4A_7C15
MIX_1 = 0xBF58_476D_1CE4_E5B9
MIX_2 = 0x94D0_49BB_1331_11EB
UNIFORM_BITS = 52
UNIFORM_SCALE = 2.0**-UNIFORM_BITS
SEPARATOR = b"\x1f"


def stable_hash(*parts: str | int, byte_count: int = 8) -> int:
    """An unsigned integer of `byte_count` bytes, the same for the same parts on every machine."""
    text = SEPARATOR.join(str(part).encode() for part in parts)
    return int.from_bytes(blake2b(text, digest_size=byte_count).digest(), "little")


class RandomStreams:
    """Generators by name: `streams["arrivals", "support"]` always begins at the same draw.

    Streams with different names, seeds or replications are independent (NumPy `SeedSequence`).
    """

    __slots__ = ("_replication", "_seed", "_within")

    def __init__(self, seed: int, replication: int = 0, within: tuple[str, ...] = ()) -> None:
        """Streams of one replication; the parts of `within` end every name.

        Raises:
            ValueError: `seed` or `replication` is negative.
        """
        if seed < 0 or replication < 0:
            message = f"seed {seed!r} and replication {replication!r} must be integers >= 0"
            raise ValueError(message)
        self._seed = seed
        self._replication = replication
        self._within = within

    def within(self, name: str) -> RandomStreams:
        """The streams of one part of the whole (a traffic stream), independent of other parts'."""
        return RandomStreams(self._seed, self._replication, (*self._within, name))

    def __getitem__(self, name: str | tuple[str, ...]) -> np.random.Generator:
        """A fresh generator at the beginning of the named stream."""
        parts = (name,) if isinstance(name, str) else name
        key = stable_hash(*parts, *self._within, byte_count=16)
        sequence = np.random.SeedSequence(self._seed, spawn_key=(self._replication, key))
        return np.random.Generator(np.random.PCG64(sequence))


@lru_cache(maxsize=4096)
def _first_state(seed: int, stream: str) -> int:
    """The 64-bit state that a keyed stream starts from."""
    return stable_hash("keyed", seed, stream)


def _mixed(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64's output function on each element."""
    state = (state ^ (state >> np.uint64(30))) * np.uint64(MIX_1)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(MIX_2)
    return state ^ (state >> np.uint64(31))


def _keyed_bits(seed: int, stream: str, keys: tuple[ArrayLike, ...]) -> NDArray[np.uint64]:
    """64 bits for each broadcast row of keys."""
    state = np.array(_first_state(seed, stream), dtype=np.uint64)
    with np.errstate(over="ignore"):
        for key in keys:
            number = np.asarray(key).astype(np.int64, copy=False).view(np.uint64)
            state = (state ^ number) * np.uint64(GAMMA)
            state = state ^ (state >> np.uint64(32))
        return _mixed(state)


def request_keys(stream: str, session: ArrayLike, turn: ArrayLike) -> NDArray[np.int64]:
    """What draws for a request are keyed by: its stream's name, its session there, its turn.

    63-bit numbers that no other stream moves, and that do not depend on seed or replication.
    """
    return (_keyed_bits(0, f"requests of {stream}", (session, turn)) >> np.uint64(1)).astype(np.int64)


def keyed_uniform(seed: int, stream: str, *keys: ArrayLike) -> NDArray[np.float64]:
    """U(0, 1) draws, the same for the same seed, stream and integers; both ends are excluded.

    `keys` are integer arrays or scalars that broadcast; the result has their common shape.
    """
    bits = _keyed_bits(seed, stream, keys) >> np.uint64(64 - UNIFORM_BITS)
    return np.asarray((bits.astype(np.float64) + 0.5) * UNIFORM_SCALE)


def keyed_uniform_scalar(seed: int, stream: str, *keys: int) -> float:
    """The draw of `keyed_uniform` for one row of integers, bit by bit, without array overhead."""
    state = _first_state(seed, stream)
    for key in keys:
        state = ((state ^ key) * GAMMA) & MASK
        state ^= state >> 32
    state = ((state ^ (state >> 30)) * MIX_1) & MASK
    state = ((state ^ (state >> 27)) * MIX_2) & MASK
    return (((state ^ (state >> 31)) >> 12) + 0.5) * UNIFORM_SCALE


def keyed_normal(seed: int, stream: str, *keys: ArrayLike) -> NDArray[np.float64]:
    """N(0, 1) draws by key, from two uniform ones each: sqrt(-2 ln u) cos(2 pi v).

    Box and Muller, "A note on the generation of random normal deviates", 1958.
    """
    radius = np.sqrt(-2.0 * np.log(keyed_uniform(seed, stream, *keys, 0)))
    return radius * np.cos(2.0 * np.pi * keyed_uniform(seed, stream, *keys, 1))
