"""Keys of the whole: the run, the network, the router, faults, quality, signals and telemetry."""

from __future__ import annotations

AT = "When it begins, from the start of the run. Example: 2h."
LENGTH = "How long it lasts. Example: 10min."
KIND = "Which kind of fault this is; it decides which other keys there are."
TARGET = "What it strikes: a deployment's name, one of its replicas as name/i, or {region: …}, {provider: …}."
RUN = {
    "ScenarioSettings": {
        "name": "The scenario's name. Letters, digits, dots, dashes, underscores. Example: support-desk.",
        "description": "A sentence about it, for lists.",
        "seed": "Seed of all randomness, 0 to 2^63 - 1; the same seed gives the same run.",
        "start": "Instant of simulated time 0; prices, carbon and calendars follow it.",
        "duration": "How long requests arrive and capacity is held.",
        "warmup": "Time at the beginning that the report leaves out; below duration.",
        "drain": "How long after duration the last requests may take.",
        "catalog": "Which facts the run stands on.",
        "workload": "Who asks what, and when.",
        "network": "The way between users and deployments.",
        "signals": "Grid carbon and electricity prices of one's own, by region.",
        "fleet": "The deployments that may answer; at least one.",
        "router": "The policy, and the router it runs in.",
        "faults": "What goes wrong, and when.",
        "quality": "How answers come to be right or wrong, and what the router guesses of that.",
        "telemetry": "How finely the run is recorded, and when it seems to have been.",
    },
    "CatalogSettings": {
        "edition": "Edition of the catalog. Example: measured.",
        "overrides": "Own figures by kind, name and key; they are laid over the entry, or make a new one."
        " Example: {offers: {openai/gpt-4o: {requests_per_min: 500}}}.",
    },
    "Network": {
        "last_mile": "Round trips between users and their region's network, by tier of the deployment.",
        "egress_usd_per_gb": "USD per gigabyte that own capacity beyond the edge sends. Example: 0.09.",
        "bytes_per_output_token": "Bytes that an answer's token takes on the wire.",
    },
    "LastMile": {
        "edge": "Round trip to edge machines.",
        "on_prem": "Round trip to the operator's own site, beyond the way between regions.",
        "dedicated": "Round trip to dedicated capacity, beyond the way between regions.",
        "cloud": "Round trip to a cloud, beyond the way between regions.",
    },
    "SignalSettings": {
        "carbon_intensity": "gCO2e per kWh by region: a number, or a CSV file with time or hour and"
        " gco2e_per_kwh."
        " Example: {us-virginia: 350}.",
        "electricity_price": "USD per kWh by region: a number, a CSV file with time or hour and"
        " usd_per_kwh, or"
        " prices by time of the local day. Example: {us-texas: {'00:00': 0.04, '16:00': 0.11}}.",
    },
    "QualitySettings": {
        "discrimination": "How sharply ability decides between right and wrong, above 0.",
        "difficulty_noise": "Standard deviation of the router's estimate of difficulty, logits.",
        "router_auc": "ROC area of the router's score for requests that need the strong model, 0.5 to"
        " below 1.",
        "outcomes": "A table of recorded answers that takes the place of the quality model."
        " Example: answers.csv.",
    },
    "TelemetrySettings": {
        "step": "Time between two samples; a 288th of the duration where left out. Example: 1min.",
        "epoch": "Instant of simulated time 0 in metrics; by start, moved into the past, where left out.",
        "pace": "How many times faster than life a service shows the run; at once where left out."
        " Example: 60x.",
    },
    "RouterSettings": {
        "policy": "Policy's name, path/to/file.py:Class or grpc://host:port.",
        "parameters": "Parameters of that policy; `wayfare policies NAME` lists them."
        " Example: {threshold: 0.6}.",
        "staleness": "How old the router's view of the fleet gets before it is renewed; always fresh at 0.",
        "instances": "Router instances, each with a view of its own, 1 to 1,000.",
        "decision_latency": "Time that a decision takes. Example: 20ms.",
        "decision_usd": "USD of a decision, e.g. for a classifier. Example: 0.0001.",
        "resilience": "The router's retries, fallbacks and cooldown; none of them where left out.",
    },
    "ResilienceSettings": {
        "retries": "Further attempts within the model's targets after the first one failed.",
        "backoff": "Pause before the first retry on the same target; doubles with each.",
        "backoff_max": "Longest such pause.",
        "jitter": "Upper end of the random extra pause.",
        "retry_after": "Shortest pause before a retry on the same target.",
        "retry_after_max": "Longest hint of a provider that is heeded.",
        "fallbacks": "Deployments tried next, by deployment. Example: {small: [frontier]}.",
        "default_fallbacks": "Deployments tried where fallbacks names none. Example: [frontier].",
        "max_fallbacks": "Most fallbacks tried for a request.",
        "cooldown": "How long a target that failed too often gets no traffic; 0 switches it off.",
        "allowed_fails": "Failures within cooldown of one another before a target rests; by share where"
        " left out.",
        "failure_ratio": "Share of a minute's attempts that must fail before a target rests, 0 to 1.",
        "failure_min_count": "Attempts of a minute below which the share does not count.",
        "lone_failure_count": "Failures, without a success in a minute, before a model's only target rests.",
    },
    "FaultTarget": {
        "deployment": "A deployment's name. Example: small.",
        "replica": "One replica, as name/i from 0. Example: small/0.",
        "region": "Everything that stands in a region, but users' own devices. Example: us-virginia.",
        "provider": "All APIs of a provider. Example: openai.",
    },
    "Window": {"at": AT, "duration": LENGTH},
    "Outage": {"kind": KIND, "target": TARGET},
    "BrownOut": {
        "kind": KIND,
        "target": TARGET,
        "factor": "How many times as long work takes, at least 1.",
        "failure_ratio": "Share of the attempts that fail, 0 to 1.",
    },
    "SlowReplica": {"kind": KIND, "target": TARGET, "factor": "How many times as long work takes, above 1."},
    "ErrorRate": {
        "kind": KIND,
        "target": TARGET,
        "failure_ratio": "Share of the attempts that fail, above 0, up to 1. Example: 0.3.",
    },
    "RateLimitStorm": {
        "kind": KIND,
        "target": TARGET,
        "factor": "What the rate limits are multiplied by, above 0, below 1. Example: 0.2.",
    },
    "Partition": {
        "kind": KIND,
        "between": "Two regions that do not reach each other. Example: [us-virginia, eu-nordics].",
        "timeout": "Time after which a request that does not get through fails.",
    },
    "SpotLoss": {
        "kind": KIND,
        "target": TARGET,
        "notice": "Time between the announcement and the loss.",
        "replicas": "Replicas lost of each deployment, the first ones; all where left out. Example: 2.",
    },
    "Maintenance": {"kind": KIND, "target": TARGET, "notice": "Time without new work before it is down."},
    "RandomOutage": {
        "kind": KIND,
        "target": TARGET,
        "mtbf": "Mean time of a replica between failures. Example: 30d.",
        "mttr": "Mean time to repair. Example: 1h.",
    },
}
