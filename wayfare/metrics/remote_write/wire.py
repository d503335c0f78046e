"""Prometheus' remote-write messages, encoded by array code: a million samples in about a second.

Protocol: Prometheus Remote-Write 1.0; `prompb/remote.proto` and `prompb/types.proto`:
`WriteRequest {repeated TimeSeries timeseries = 1}`, `TimeSeries {repeated Label labels = 1;
repeated Sample samples = 2}`, `Label {string name = 1; string value = 2}`,
`Sample {double value = 1; int64 timestamp = 2}`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from wayfare.metrics.families import Label
    from wayfare.metrics.sinks import RunSamples

    Bytes = NDArray[np.uint8]

FIRST_BYTES, SECOND_BYTES = b"\x0a", b"\x12"
"""Tags of fields 1 and 2 of wire type 2 (a length and so many bytes)."""
FIRST_DOUBLE, SECOND_VARINT = 0x09, 0x10
"""Tags of field 1 of wire type 1 (eight bytes) and field 2 of wire type 0 (a varint)."""
VALUE = slice(3, 11)
"""Where in an encoded sample its value stands."""
NAME = "__name__"
LOW_BITS, MORE = 0x7F, 0x80
BITS = 7
MOST_VARINT_BYTES = 10


def batches(samples: RunSamples, most: int) -> Iterator[tuple[int, bytes]]:
    """Write requests of at most about `most` samples, each with its number of samples.

    The samples of a series come in order of time; a run longer than `most` comes in parts.
    """
    for begin in range(0, len(samples.t_ms), most):
        steps = slice(begin, begin + most)
        held, count = bytearray(), 0
        for labels, values, encoded in encoded_series(samples, steps):
            held += time_series(labels, encoded)
            count += values
            if count >= most:
                yield count, bytes(held)
                held, count = bytearray(), 0
        if count:
            yield count, bytes(held)


def encoded_series(samples: RunSamples, steps: slice) -> Iterator[tuple[bytes, int, bytes]]:
    """Labels, number and bytes of the samples of every series that has any in these steps."""
    template = sample_template(samples.t_ms[steps])
    for family in samples.families:
        for key in range(len(family.keys)):
            values = family.values[key, :, steps]
            there = ~np.isnan(values)
            encoded = encoded_samples(template, values)
            for row, exists, bytes_of in zip(family.rows_of(key), there, encoded, strict=True):
                count = int(exists.sum())
                if count:
                    labels = label_bytes([(NAME, row.name), *samples.labels(row)])
                    whole = bytes_of if count == len(exists) else bytes_of[exists]
                    yield labels, count, whole.tobytes()


def sample_template(t_ms: NDArray[np.int64]) -> Bytes:
    """Samples of value 0 at these instants, a row of the same number of bytes for each."""
    stamps = varints(t_ms)
    body = 1 + 8 + 1 + stamps.shape[1]
    made = np.zeros((len(t_ms), 2 + body), np.uint8)
    made[:, 0], made[:, 1], made[:, 2] = SECOND_BYTES[0], body, FIRST_DOUBLE
    made[:, VALUE.stop] = SECOND_VARINT
    made[:, VALUE.stop + 1 :] = stamps
    return made


def encoded_samples(template: Bytes, values: NDArray[np.float64]) -> Bytes:
    """The template for each row of values, with the values in it."""
    made = np.repeat(template[None], len(values), axis=0)
    as_bytes = np.ascontiguousarray(values, "<f8").view(np.uint8)
    made[:, :, VALUE] = as_bytes.reshape(*values.shape, 8)
    return made


def varints(numbers: NDArray[np.int64]) -> Bytes:
    """Numbers as varints of one common width: shorter ones carry empty groups, as readers allow."""
    unsigned = numbers.astype(np.uint64)
    groups = unsigned[:, None] >> np.arange(MOST_VARINT_BYTES).astype(np.uint64) * np.uint64(BITS)
    width = max(int(np.flatnonzero(groups.any(axis=0)).max(initial=0)) + 1, 1)
    made = (groups[:, :width] & np.uint64(LOW_BITS)).astype(np.uint8)
    made[:, :-1] |= MORE
    return made


def time_series(labels: bytes, samples: bytes) -> bytes:
    """One entry of a write request."""
    return FIRST_BYTES + varint(len(labels) + len(samples)) + labels + samples


def label_bytes(labels: Sequence[Label]) -> bytes:
    """Labels in order of their names, as receivers demand; an empty value is no label."""
    texts = [(name.encode(), value.encode()) for name, value in sorted(labels) if value]
    bodies = [
        FIRST_BYTES + varint(len(name)) + name + SECOND_BYTES + varint(len(value)) + value
        for name, value in texts
    ]
    return b"".join(FIRST_BYTES + varint(len(body)) + body for body in bodies)


def varint(number: int) -> bytes:
    """A number of 0 or more as a varint."""
    made = bytearray()
    while number > LOW_BITS:
        made.append(number & LOW_BITS | MORE)
        number >>= BITS
    made.append(number)
    return bytes(made)
