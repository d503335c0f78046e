"""Keys of `fleet`."""

from __future__ import annotations

QUEUE_LIMIT = (
    "Requests that may wait; more are refused. Without bound where left out, none wait at 0. Example: 50."
)
FAILURES = "Share of the attempts that fail with a server error, 0 to 1. Example: 0.01."
FLEET = {
    "Deployment": {
        "name": "The deployment's own name, unique. Letters, digits, dots, dashes, underscores."
        " Example: small.",
        "tier": "Where it stands in the fleet: edge, on_prem, dedicated or cloud.",
        "model": "Model of the catalog that answers. Example: llama-3.1-8b.",
        "region": "Region of the catalog in which it stands. Example: us-virginia.",
        "hardware": "Accelerators that batch continuously; one of hardware, api, device, endpoint.",
        "api": "A provider's API; one of hardware, api, device, endpoint.",
        "device": "Edge machines that run one request at a time; one of hardware, api, device, endpoint.",
        "endpoint": "Servers of which only the service time is known; one of hardware, api, device,"
        " endpoint.",
        "replicas": "Replicas of hardware, 1 to 100,000; not together with autoscaling. Example: 4.",
        "autoscaling": "Replicas of hardware that follow the work. Example: {min: 1, max: 8, target: 20}.",
        "balancing": "How the deployment spreads requests over its replicas; router leaves it to the policy.",
        "engine": "The serving engine on the hardware.",
        "pricing": "What the hardware costs; a rent of the catalog, on demand first, where left out.",
        "context_window_tokens": "Most tokens of prompt and answer; what the model and the memory allow"
        " where left"
        " out. Example: 32768.",
    },
    "Hardware": {
        "accelerator": "Accelerator of the catalog. Example: h100.",
        "tensor_parallel": "Chips that share each layer of a replica.",
        "attention_data_parallel": "Attention ranks of a replica, each with sequences and KV cache of"
        " its own.",
        "expert_parallel": "Parts that experts are spread over, whole ones on each; by tensor_parallel"
        " where left out.",
        "precision": "Number format of the weights. Example: fp8.",
        "kv_precision": "Number format of the KV cache. Example: fp8.",
    },
    "Speculative": {
        "draft_tokens": "Tokens drafted in each step, 1 to 32. Example: 3.",
        "acceptance_ratio": "Chance that a drafted token is kept if those before it were, 0 to 1."
        " Example: 0.7.",
        "draft_layers": "Further layers that draft, each like one of the model's own, 0 to 1,000.",
    },
    "Split": {
        "prefill_replicas": "Replicas that only compute prompts; the others decode. Example: 2.",
        "link_gb_per_s": "Gigabytes per second at which a replica hands over keys and values.",
    },
    "EngineSettings": {
        "profile": "Serving profile of the catalog: the engine's measured coefficients. Example: vllm-0.19.",
        "max_sequences": "Most sequences at once in a replica; the profile's where left out. Example: 128.",
        "token_budget": "Most tokens of a step; the profile's where left out. Example: 8192.",
        "kv_room_tokens": "Tokens of KV cache in a replica; what the memory leaves where left out.",
        "queue_limit": QUEUE_LIMIT,
        "prefix_cache": "Whether prompts that begin alike are computed once.",
        "speculative": "Speculative decoding; none where left out."
        " Example: {draft_tokens: 3, acceptance_ratio: 0.7}.",
        "split": "Prefill apart from decode; together where left out. Example: {prefill_replicas: 1}.",
    },
    "ProvisionedThroughput": {
        "usd_per_unit_hour": "USD of a unit and hour. Example: 2.5.",
        "input_tokens_per_min_per_unit": "Input tokens that a unit takes a minute, above 0. Example: 2500.",
        "output_weight": "Input tokens that an output token counts as, above 0. Example: 4.",
        "minimum_units": "Fewest units that are sold.",
        "unit_step": "Units are sold in multiples of this.",
    },
    "Overload": {
        "from_ratio": "Share of concurrency from which on calls slow down, 0 to below 1.",
        "slowdown": "How many times as long calls take at full concurrency, above 1.",
    },
    "Api": {
        "offer": "Offer of the catalog, provider/model. Example: openai/gpt-4o.",
        "plan": "How it is paid: by the token, in batches, or by provisioned units.",
        "units": "Provisioned units held; goes with plan: provisioned. Example: 10.",
        "throughput": "What a unit costs and takes; the offer's where left out; goes with plan: provisioned.",
        "utilization_ratio": "Planned use of units that a router compares prices with, above 0, up to 1.",
        "concurrency": "Calls at once; more get an overload error. Example: 200.",
        "overload": "How calls slow down before all places are taken; not at all where left out.",
        "requests_per_min": "Requests a minute before a 429; the offer's where left out. Example: 500.",
        "input_tokens_per_min": "Input tokens a minute before a 429; the offer's where left out."
        " Example: 200000.",
        "output_tokens_per_min": "Output tokens a minute before a 429; the offer's where left out."
        " Example: 40000.",
        "failure_ratio": FAILURES,
        "ttft": "Time to the first token at the provider; the offer's where left out."
        " Example: {median: 400ms, p95: 2s}.",
        "output_tokens_per_s": "Pace of an answer, tokens per second; the offer's where left out."
        " Example: 80.",
    },
    "Offline": {
        "share": "Share of the time that a device is off at random, 0 to below 1. Example: 0.1.",
        "duration": "Mean length of a time off.",
        "daily": "Begin and end of a daily time off, on the region's clock. Example: ['23:00', '07:00'].",
    },
    "DeviceSettings": {
        "device": "Device of the catalog. Example: iphone-14-pro-max.",
        "per_user": "Whether each user brings one (a stream's devices); else count machines are shared.",
        "count": "Shared machines; goes with per_user: false. Example: 20.",
        "sustained": "Whether devices are always as slow as a hot one.",
        "throttling": "Whether users' devices slow down as they heat, where the catalog knows how fast.",
        "offline": "When users' devices cannot answer; never where left out. Example: {share: 0.1}.",
        "queue_limit": QUEUE_LIMIT,
    },
    "Endpoint": {
        "servers": "Requests that are served at once. Example: 16.",
        "service_time": "Time of a request on a server. Example: {median: 2s, p95: 9s}.",
        "first_token_ratio": "Share of the service time until the first token, 0 to 1.",
        "queue_limit": QUEUE_LIMIT,
        "usd_per_request": "USD of a request.",
        "usd_per_server_hour": "USD of a server and hour.",
        "power_w": "Watts of a busy server; the operator pays for the energy where it is above 0.",
        "idle_w": "Watts of an idle server.",
        "failure_ratio": FAILURES,
    },
    "Pricing": {
        "rent": "Kind of rent of the catalog; one of rent, usd_per_chip_hour, owned. Example: on_demand.",
        "usd_per_chip_hour": "USD of a chip and hour. Example: 2.1.",
        "owned": "Whether the chips are bought: capital, space, upkeep and electricity instead of rent.",
        "purchase_usd_per_chip": "USD of a chip without the rest of a server; the catalog's if left out.",
        "lifetime_years": "Years over which the purchase is written off; the catalog's if left out."
        " Example: 4.",
        "host_purchase_usd": "USD of the rest of a server; the catalog's where left out. Example: 90000.",
        "network_ratio": "Network and storage on top, as a share of the purchase; the catalog's if left out.",
        "residual_ratio": "Share of the purchase that is left at the end, 0 to 1; the catalog's if left out.",
        "wacc_ratio": "Cost of capital a year; the catalog's where left out. Example: 0.08.",
        "colocation_usd_per_kw_month": "USD of space by nameplate kW and month; the catalog's if left out.",
        "maintenance_ratio_per_year": "Upkeep a year, as a share of the purchase; the catalog's if left out.",
        "staff_usd_per_host_year": "USD of staff by server and year; the catalog's if left out.",
        "software_usd_per_chip_year": "USD of licences by chip and year; the catalog's if left out.",
        "utilization_ratio": "Planned use that a router compares prices with, above 0, up to 1.",
    },
    "Autoscaling": {
        "min": "Fewest replicas.",
        "max": "Most replicas. Example: 8.",
        "metric": "What is held at the target: attempts per replica, or a share of time or cache.",
        "target": "Level of the metric that each replica should have. Example: 20.",
        "interval": "Time between two decisions.",
        "cold_start": "Time from the decision to the first request; by weights and load_gb_per_s where"
        " left out.",
        "load_gb_per_s": "Gigabytes of weights loaded per second; not together with cold_start. Example: 2.",
        "scale_in_delay": "How long fewer replicas must be enough before one is taken away.",
        "scale_to_zero": "Whether no replica is kept when nothing was outstanding for scale_in_delay.",
    },
}
