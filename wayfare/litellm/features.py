"""What of a LiteLLM configuration acts in a simulation, what does not matter, what cannot be simulated."""

from __future__ import annotations

STRATEGIES = (
    "simple-shuffle",
    "least-busy",
    "usage-based-routing",
    "usage-based-routing-v2",
    "latency-based-routing",
    "cost-based-routing",
)
"""Values of `routing_strategy` that decide by what a simulation has."""

ROUTER_SETTINGS = frozenset(
    {
        "allowed_fails",
        "allowed_fails_policy",
        "content_policy_fallbacks",
        "context_window_fallbacks",
        "cooldown_time",
        "default_fallbacks",
        "default_max_parallel_requests",
        "disable_cooldowns",
        "enable_pre_call_checks",
        "enable_weighted_failover",
        "fallbacks",
        "max_fallbacks",
        "model_group_alias",
        "model_group_retry_policy",
        "num_retries",
        "retry_after",
        "retry_policy",
        "routing_strategy",
        "routing_strategy_args",
        "timeout",
    }
)
"""Arguments of `litellm.Router` that are passed on as they are."""

GLOBAL_SETTINGS = frozenset(
    {
        "allowed_fails",
        "content_policy_fallbacks",
        "context_window_fallbacks",
        "default_fallbacks",
        "fallbacks",
        "num_retries",
        "request_timeout",
    }
)
"""Keys of `litellm_settings` that are set on the module `litellm`, as LiteLLM's proxy does."""

ENTRY_SETTINGS = frozenset(
    {
        "allowed_fails",
        "allowed_fails_policy",
        "cooldown_time",
        "input_cost_per_token",
        "max_parallel_requests",
        "max_retries",
        "num_retries",
        "order",
        "output_cost_per_token",
        "rpm",
        "timeout",
        "tpm",
        "weight",
    }
)
"""Keys of an entry's `litellm_params` that a router acts on; `model` beside them."""

NUMBERS = frozenset(
    {
        "allowed_fails",
        "cooldown_time",
        "default_max_parallel_requests",
        "input_cost_per_token",
        "max_fallbacks",
        "max_parallel_requests",
        "max_retries",
        "num_retries",
        "order",
        "output_cost_per_token",
        "request_timeout",
        "retry_after",
        "rpm",
        "timeout",
        "tpm",
        "weight",
    }
)
"""Those of all of these that are numbers >= 0."""

BESIDE_THE_POINT = {
    "router_settings": frozenset(
        {
            "alerting_config",
            "client_ttl",
            "debug_level",
            "ignore_invalid_deployments",
            "set_verbose",
            "stream_timeout",
        }
    ),
    "litellm_settings": frozenset(
        {
            "drop_params",
            "json_logs",
            "modify_params",
            "redact_user_api_key_info",
            "set_verbose",
            "ssl_verify",
            "suppress_debug_info",
            "telemetry",
            "turn_off_message_logging",
        }
    ),
    "general_settings": frozenset(
        {
            "alert_types",
            "alerting",
            "alerting_threshold",
            "disable_error_logs",
            "disable_spend_logs",
            "infer_model_from_keys",
            "master_key",
            "proxy_batch_write_at",
        }
    ),
}
"""Keys by section that change no route: they are passed over in silence."""

SECTIONS = frozenset(
    {
        "environment_variables",
        "general_settings",
        "litellm_settings",
        "model_list",
        "router_settings",
    }
)
"""Sections of a configuration that are read, or hold nothing that a simulation needs."""

UNSUPPORTED_ENTRY_SETTINGS = {
    "budget_duration": "budgets",
    "fallbacks": "fallbacks of one entry",
    "guardrails": "guardrails",
    "max_budget": "budgets",
    "mock_response": "mock answers",
    "prompt_id": "prompt management",
    "silent_model": "mirrored traffic",
    "tags": "routing by tags",
}
"""Keys of `litellm_params` that change routes or answers by what a simulation does not have."""

ROUTER_MODELS = ("auto_router/", "complexity_router/", "quality_router/", "adaptive_router/")
"""Prefixes of `model` behind which another router reads the prompt's text."""

CHAT_MODES = (None, "chat", "completion", "responses")
"""Values of `model_info.mode` that a request of a simulation can go to."""

LITELLM_REFUSED = {"1.107.0": "a version whose package was tampered with"}
"""Versions that are never run: PyPI's metadata of litellm-check, 2026-10-21."""
