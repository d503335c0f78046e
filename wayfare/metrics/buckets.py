"""The buckets of simulated histograms; names, kinds and help are `simulator.report.metrics`."""

from __future__ import annotations

VLLM_FIRST_TOKEN_S = (
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75,
    1.0, 2.5, 5.0, 7.5, 10.0, 20.0, 40.0, 80.0, 160.0, 640.0, 2560.0,
)  # fmt: skip
VLLM_BETWEEN_TOKENS_S = (
    0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75,
    1.0, 2.5, 5.0, 7.5, 10.0, 20.0, 40.0, 80.0,
)  # fmt: skip
VLLM_REQUEST_S = (
    0.3, 0.5, 0.8, 1.0, 1.5, 2.0, 2.5, 5.0, 10.0, 15.0, 20.0,
    30.0, 40.0, 50.0, 60.0, 120.0, 240.0, 480.0, 960.0, 1920.0, 7680.0,
)  # fmt: skip
TOKENS = (*(float(digit * 10**power) for power in range(6) for digit in (1, 2, 5)), 1e6)
EDGES = {
    "ttft_s": VLLM_FIRST_TOKEN_S,
    "tpot_s": VLLM_BETWEEN_TOKENS_S,
    "e2e_s": VLLM_REQUEST_S,
    "queue_s": VLLM_REQUEST_S,
    "network_s": VLLM_FIRST_TOKEN_S,
    "prefill_s": VLLM_REQUEST_S,
    "decode_s": VLLM_REQUEST_S,
    "input_token_count": TOKENS,
    "output_token_count": TOKENS,
    "agent_task_s": VLLM_REQUEST_S,
}
"""Buckets of vLLM's metrics of the same meaning (vllm/v1/metrics/loggers.py), by the simulator's name."""
