"""Keys of `fleet`."""

from __future__ import annotations

QUEUE_LIMIT = (
    "Requests that may wait; more are refused. Without bound where left out, none wait at 0. Example: 50."
)
FAILURES = "Share of the attempts that fail with a server error. Example: 0.01."
FLEET = {
    "Deployment": {
        "name": "The deployment's own name, unique: letters, digits, dots, dashes, underscores. "
        "Example: small.",
        "tier": "Where it runs: edge (with the user), on_prem (your own site), dedicated (GPUs that "
        "are yours alone), cloud (a provider's); the last mile and banned_tiers go by it. "
        "Example: dedicated.",
        "model": "Model of the catalog that answers (`wayfare catalog list models`). Example: llama-3.1-8b.",
        "region": "Region of the catalog in which it is (`wayfare catalog list regions`). "
        "Example: us-virginia.",
        "hardware": "Accelerators that batch continuously; one of hardware, api, device, endpoint. "
        "Example: {accelerator: h100, precision: fp8}.",
        "api": "A provider's API; one of hardware, api, device, endpoint. Example: {offer: openai/gpt-4o}.",
        "device": "Edge machines that run one request at a time; one of hardware, api, device, "
        "endpoint. "
        "Example: {device: iphone-14-pro-max}.",
        "endpoint": "Servers of which only the service time is known; one of hardware, api, device, "
        "endpoint. "
        "Example: {servers: 16, service_time: {median: 2s, p95: 9s}}.",
        "replicas": "Replicas of hardware; not together with autoscaling. Example: 4.",
        "autoscaling": "Replicas of hardware that follow the work. Example: {min: 1, max: 8, target: 20}.",
        "balancing": "How requests are spread over the replicas; router makes each replica a target of "
        "the policy's. "
        "Example: session_affinity.",
        "engine": "The serving engine on the hardware. Example: {max_sequences: 128}.",
        "pricing": "What the hardware costs; the catalog's rent, on demand first, where left out. "
        "Example: {usd_per_chip_hour: 2.35}.",
        "weight": "The deployment's share, in any unit, for policies that send by the fleet's weights "
        "(weighted_shuffle). Example: 3.",
        "context_window_tokens": "Most tokens of prompt and answer; what the model and the memory allow "
        "where left out. "
        "Example: 32768.",
    },
    "Hardware": {
        "accelerator": "Accelerator of the catalog (`wayfare catalog list accelerators`). Example: h100.",
        "tensor_parallel": "Chips that share each layer of a replica. Example: 4.",
        "attention_data_parallel": "Attention ranks of a replica, each with sequences and KV cache of "
        "its own. "
        "Example: 2.",
        "expert_parallel": "Parts that experts are spread over, whole ones on each; by tensor_parallel "
        "where left out. "
        "Example: 8.",
        "precision": "Number format of the weights. Example: fp8.",
        "kv_precision": "Number format of the KV cache. Example: fp8.",
    },
    "Speculative": {
        "draft_tokens": "Tokens drafted in each step. Example: 3.",
        "acceptance_ratio": "Chance that a drafted token is kept if those before it were. Example: 0.7.",
        "draft_layers": "Further layers that draft, each like one of the model's own. Example: 1.",
    },
    "Split": {
        "prefill_replicas": "Replicas that only compute prompts; the others decode. Example: 2.",
        "link_gb_per_s": "Gigabytes per second at which a replica hands over keys and values. Example: 25.",
    },
    "EngineSettings": {
        "profile": "Serving profile of the catalog, the engine's measured coefficients (`wayfare "
        "catalog list serving_profiles`). "
        "Example: vllm-0.19.",
        "max_num_seqs": "Most sequences at once in a replica; the profile's where left out. Example: 128.",
        "max_sequences": "Older name of max_num_seqs. Example: 128.",
        "max_num_batched_tokens": "Most tokens of a step; the profile's where left out. Example: 8192.",
        "token_budget": "Older name of max_num_batched_tokens. Example: 8192.",
        "gpu_memory_utilization": "Share of a chip's memory that the engine may take; the profile's where "
        "left out. Example: 0.95.",
        "kv_cache_dtype": "Number format of the KV cache, in place of hardware.kv_precision; auto: 16 bits. "
        "Example: fp8.",
        "block_size": "Tokens of a block of KV cache; the room is whole blocks. Example: 32.",
        "kv_room_tokens": "Tokens of KV cache in a replica; what the memory leaves where left out. "
        "Example: 400000.",
        "queue_limit": QUEUE_LIMIT,
        "prefix_cache": "Whether prompts that begin alike are computed once. Example: false.",
        "speculative": "Speculative decoding; none where left out. "
        "Example: {draft_tokens: 3, acceptance_ratio: 0.7}.",
        "split": "Prefill apart from decode; together where left out. Example: {prefill_replicas: 1}.",
    },
    "ProvisionedThroughput": {
        "usd_per_unit_hour": "USD of a unit and hour. Example: 2.5.",
        "input_tokens_per_min_per_unit": "Input tokens that a unit takes a minute. Example: 2500.",
        "output_weight": "Input tokens that an output token counts as. Example: 4.",
        "minimum_units": "Fewest units that are sold. Example: 15.",
        "unit_step": "Units are sold in multiples of this. Example: 5.",
    },
    "Overload": {
        "from_ratio": "Share of concurrency from which on calls slow down. Example: 0.7.",
        "slowdown": "How many times as long calls take at full concurrency. Example: 3.",
    },
    "Api": {
        "offer": "Offer of the catalog, provider/model (`wayfare catalog list offers`). "
        "Example: openai/gpt-4o.",
        "plan": "pay_as_you_go: by the token; batch: at the batch price, for deferrable streams only; "
        "provisioned: by units held. "
        "Example: batch.",
        "units": "Provisioned units held; goes with plan: provisioned. Example: 30.",
        "throughput": "What a unit costs and takes; the offer's where left out; goes with plan: "
        "provisioned. "
        "Example: {usd_per_unit_hour: 2.5, input_tokens_per_min_per_unit: 2500}.",
        "utilization_ratio": "Planned use of units that a router compares prices with. Example: 0.8.",
        "concurrency": "Calls at once; more get an overload error. Example: 200.",
        "overload": "How calls slow down before all places are taken; not at all where left out. "
        "Example: {from_ratio: 0.7, slowdown: 3}.",
        "requests_per_min": "Requests a minute before a 429; the offer's where left out. Example: 500.",
        "input_tokens_per_min": "Input tokens a minute before a 429; the offer's where left out. "
        "Example: 200000.",
        "output_tokens_per_min": "Output tokens a minute before a 429; the offer's where left out. "
        "Example: 40000.",
        "failure_ratio": FAILURES,
        "ttft": "Time to the first token at the provider; the offer's where left out. "
        "Example: {median: 400ms, p95: 2s}.",
        "output_tokens_per_s": "Pace of an answer; the offer's where left out. Example: 80.",
    },
    "Offline": {
        "share": "Share of the time that a device is off at random. Example: 0.1.",
        "duration": "Mean length of a time off. Example: 20min.",
        "daily": "Begin and end of a daily time off, on the region's clock. Example: ['23:00', '07:00'].",
    },
    "DeviceSettings": {
        "device": "Device of the catalog (`wayfare catalog list devices`). Example: iphone-14-pro-max.",
        "per_user": "Whether each user brings one (a stream's devices); else count machines are shared. "
        "Example: false.",
        "count": "Shared machines; goes with per_user: false. Example: 20.",
        "sustained": "Whether devices are always as slow as a hot one. Example: true.",
        "throttling": "Whether users' devices slow down as they heat, where the catalog knows how fast. "
        "Example: false.",
        "offline": "When users' devices cannot answer; never where left out. Example: {share: 0.1}.",
        "queue_limit": QUEUE_LIMIT,
    },
    "Endpoint": {
        "servers": "Requests that are served at once. Example: 16.",
        "service_time": "Time of a request on a server. Example: {median: 2s, p95: 9s}.",
        "first_token_ratio": "Share of the service time until the first token. Example: 0.3.",
        "queue_limit": QUEUE_LIMIT,
        "usd_per_request": "USD of a request. Example: 0.002.",
        "usd_per_server_hour": "USD of a server and hour. Example: 1.8.",
        "power_w": "Watts of a busy server; the operator pays for the energy where it is above 0. "
        "Example: 350.",
        "idle_w": "Watts of an idle server. Example: 90.",
        "failure_ratio": FAILURES,
    },
    "Pricing": {
        "rent": "Kind of rent of the catalog, such as on_demand, neocloud, spot or reserved_1y "
        "(`wayfare catalog show h100`); one of rent, usd_per_chip_hour, owned. "
        "Example: neocloud.",
        "usd_per_chip_hour": "Your own rent: USD of a chip and hour; one of rent, usd_per_chip_hour, "
        "owned. "
        "Example: 2.1.",
        "owned": "Whether the chips are bought: capital, space, upkeep and electricity instead of rent. "
        "Example: true.",
        "purchase_usd_per_chip": "USD of a chip without the rest of a server; the catalog's if left "
        "out. "
        "Example: 28000.",
        "lifetime_years": "Years over which the purchase is written off; the catalog's if left out. "
        "Example: 4.",
        "host_purchase_usd": "USD of the rest of a server; the catalog's where left out. Example: 90000.",
        "network_ratio": "Network and storage on top, as a share of the purchase; the catalog's if left "
        "out. "
        "Example: 0.15.",
        "residual_ratio": "Share of the purchase that is left at the end, 0 to 1; the catalog's if left "
        "out. "
        "Example: 0.1.",
        "wacc_ratio": "Cost of capital a year; the catalog's where left out. Example: 0.08.",
        "colocation_usd_per_kw_month": "USD of space by nameplate kW and month; the catalog's if left "
        "out. "
        "Example: 160.",
        "maintenance_ratio_per_year": "Upkeep a year, as a share of the purchase; the catalog's if left "
        "out. "
        "Example: 0.04.",
        "staff_usd_per_host_year": "USD of staff by server and year; the catalog's if left out. "
        "Example: 3000.",
        "software_usd_per_chip_year": "USD of licences by chip and year; the catalog's if left out. "
        "Example: 4500.",
        "utilization_ratio": "Planned use that a router compares prices with. Example: 0.4.",
    },
    "Autoscaling": {
        "min": "Fewest replicas. Example: 2.",
        "max": "Most replicas. Example: 8.",
        "metric": "What is held at the target: outstanding or waiting attempts per replica, utilization "
        "(busy share of the time), or kv_usage (share of the KV cache). "
        "Example: waiting.",
        "target": "Level of the metric that each replica should have. Example: 20.",
        "interval": "Time between two decisions. Example: 1min.",
        "cold_start": "Time from the decision to the first request; by weights and load_gb_per_s where "
        "left out. "
        "Example: 3min.",
        "load_gb_per_s": "Gigabytes of weights loaded per second; not together with cold_start. Example: 2.",
        "scale_in_delay": "How long fewer replicas must be enough before one is taken away. Example: 10min.",
        "scale_to_zero": "Whether no replica is kept when nothing was outstanding for scale_in_delay. "
        "Example: true.",
    },
}
