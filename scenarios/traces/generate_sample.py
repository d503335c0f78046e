"""Makes the sample trace that ships: `python scenarios/traces/generate_sample.py`.

2,000 requests over an hour whose arrivals and lengths have the published statistics of the Azure
LLM inference trace 2023 (conversation): Gamma gaps of shape 0.87; prompts with quantiles
p50 1,020, p90 2,734, p99 4,142; answers with p50 129, p90 424, p99 601. No row is taken from it.
"""

from __future__ import annotations

import csv
import gzip
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

SEED = 2023
COUNT = 2_000
SPAN_S = 3_600.0
GAP_SHAPE = 0.87
BEGIN = datetime(2023, 11, 16, 18, 15, tzinfo=UTC)
PROMPT = ([0.0, 0.1, 0.5, 0.9, 0.99, 1.0], [3.0, 250.0, 1020.0, 2734.0, 4142.0, 7000.0])
ANSWER = ([0.0, 0.1, 0.5, 0.9, 0.99, 1.0], [8.0, 30.0, 129.0, 424.0, 601.0, 1000.0])
TARGET = Path(__file__).parent / "azure-shaped-sample.csv.gz"


def instants_s(rng: np.random.Generator) -> np.ndarray:
    """Arrival instants over the span."""
    gaps = rng.gamma(GAP_SHAPE, 1.0, COUNT)
    return np.cumsum(gaps) / gaps.sum() * SPAN_S


def lengths(rng: np.random.Generator, quantiles: tuple[list[float], list[float]]) -> np.ndarray:
    """Token counts by inversion, log-linear between the quantiles."""
    points, values = quantiles
    return np.rint(np.exp(np.interp(rng.random(COUNT), points, np.log(values)))).astype(int)


def rows(rng: np.random.Generator) -> list[tuple[str, int, int]]:
    """Timestamp, prompt tokens and answer tokens of every request."""
    stamps = [BEGIN + timedelta(seconds=at_s) for at_s in instants_s(rng).tolist()]
    texts = [stamp.strftime("%Y-%m-%d %H:%M:%S.%f") for stamp in stamps]
    prompts, answers = lengths(rng, PROMPT).tolist(), lengths(rng, ANSWER).tolist()
    return list(zip(texts, prompts, answers, strict=True))


def main() -> None:
    """Writes the sample beside this file; the same bytes every time."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["TIMESTAMP", "ContextTokens", "GeneratedTokens"])
    writer.writerows(rows(np.random.default_rng(SEED)))
    TARGET.write_bytes(gzip.compress(text.getvalue().encode(), mtime=0))


if __name__ == "__main__":
    main()
