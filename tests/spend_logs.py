"""A LiteLLM spend log as a gateway writes it: two teams, three models, chats, failures."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

BEGIN = datetime(2026, 11, 2, 9, tzinfo=UTC)
SERVED = {
    "frontier": ("openai/gpt-6.1-sol", "7f3c"),
    "quick": ("gpt-6-luna", "a810"),
    "haiku": ("anthropic/claude-haiku-5.5", "c2d9"),
}
"""Requested groups, with the model behind each and the deployment's opaque id."""
TEAMS = ("search", "support")
SOLD = {"sol": "gpt-6.1-sol", "luna": "gpt-6-luna", "haiku": "claude-haiku-5.5"}
SELLERS = {"sol": "openai", "luna": "openai", "haiku": "anthropic"}
FLEET = "".join(
    f"  - {{name: {name}, tier: cloud, model: {model}, api: {{offer: {SELLERS[name]}/{model}}}, "
    "region: us-virginia}\n"
    for name, model in SOLD.items()
)


def spend_row(number: int, at_s: float, **changes: object) -> dict[str, object]:
    """One answered call, 40 s of nothing being said of it but what is given."""
    start = BEGIN + timedelta(seconds=at_s)
    group = str(changes.pop("group", "quick"))
    model, deployment = SERVED[group]
    team = TEAMS[number % 2]
    row = {
        "request_id": f"chatcmpl-{number:04d}",
        "call_type": "acompletion",
        "api_key": f"hash-{team}",
        "startTime": start.isoformat(),
        "completionStartTime": (start + timedelta(seconds=0.5)).isoformat(),
        "endTime": (start + timedelta(seconds=2.0)).isoformat(),
        "model": model,
        "model_group": group,
        "model_id": deployment,
        "custom_llm_provider": "openai",
        "prompt_tokens": 1_500,
        "completion_tokens": 120,
        "spend": 0.004,
        "status": "success",
        "cache_hit": "False",
        "session_id": f"chat-{number}",
        "end_user": f"user-{number % 5}",
        "metadata": {
            "user_api_key_team_alias": team,
            "user_api_key_alias": f"{team}-key",
            "status": "success",
        },
    }
    return {**row, **changes}


def chat_rows(seed: int = 5, chats: int = 12) -> list[dict[str, object]]:
    """Chats of one to four turns whose prompts carry what was said before; some switch models, some fail."""
    rng, rows = np.random.default_rng(seed), []
    groups = list(SERVED)
    for chat in range(chats):
        at_s, prompt = float(rng.uniform(0.0, 300.0)), int(rng.integers(1_200, 3_000))
        group = groups[chat % 3]
        for turn in range(1 + chat % 4):
            number = len(rows)
            group = groups[(chat + turn) % 3] if chat % 2 else group
            answer = int(rng.integers(60, 400))
            failed = number % 9 == 4
            changes: dict[str, object] = {"completion_tokens": 0, "status": "failure"} if failed else {}
            rows.append(
                spend_row(
                    number, at_s, group=group, session_id=f"chat-{chat}", prompt_tokens=prompt,
                    **{"completion_tokens": answer, "spend": round(prompt * 2e-6, 6), **changes},
                )
            )  # fmt: skip
            at_s, prompt = at_s + float(rng.uniform(10.0, 40.0)), prompt + answer + int(rng.integers(20, 200))
    return sorted(rows, key=lambda row: str(row["startTime"]))


def written_log(folder: Path, rows: list[dict[str, object]] | None = None) -> Path:
    """The log as JSON lines."""
    path = folder / "spend.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows or chat_rows()), encoding="utf-8")
    return path


def log_scenario(folder: Path, log: Path, fleet: str = FLEET, policy: str = "always_cheapest") -> Path:
    """A scenario that plays the log on a fleet."""
    path = folder / "status-quo.yaml"
    path.write_text(
        f"name: status-quo\nseed: 1\nstart: 2026-11-02T09:00:00Z\nduration: 10min\n"
        f"workload:\n  streams:\n    - name: gateway\n      task: support_chat\n      region: us-virginia\n"
        f"      arrivals: {{pattern: trace, file: {json.dumps(str(log))}}}\n"
        f"fleet:\n{fleet}router: {{policy: {policy}}}\n",
        encoding="utf-8",
    )
    return path
