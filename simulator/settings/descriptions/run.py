"""Keys of the whole: the run, the network, the router, faults, quality, signals and telemetry."""

from __future__ import annotations

from router.host.failures import ERROR_CLASSES

AT = "When it begins, from the start of the run. Example: 2h."
LENGTH = "How long it lasts. Example: 10min."
KIND = "Kind of the incident; it decides which other keys there are."
TARGET = (
    "What it affects: a deployment's name, one of its replicas as name/i, or {region: …}, "
    "{provider: …}. "
    "Example: small."
)
ERRORS = ", ".join(ERROR_CLASSES)
RUN = {
    "ScenarioSettings": {
        "name": "The scenario's name: letters, digits, dots, dashes, underscores. Example: support-desk.",
        "description": "A sentence about it, for lists. Example: A support desk's weekday.",
        "seed": "Seed of all randomness; the same seed gives the same run. Example: 11.",
        "start": "Instant of simulated time 0; prices, carbon and calendars follow it. Example: 2026-11-02.",
        "duration": "How long requests arrive and capacity is held. Example: 24h.",
        "warmup": "Time at the beginning that the report leaves out; below duration. Example: 10min.",
        "drain": "How long after duration the last requests may take. Example: 30min.",
        "catalog": "The facts that the run uses: the catalog's edition, and figures of your own over "
        "it. "
        "Example: {edition: measured}.",
        "workload": "The workload: streams of requests.",
        "network": "The way between users and deployments. Example: {egress_usd_per_gb: 0.09}.",
        "signals": "Your own grid carbon and electricity prices, by region. "
        "Example: {carbon_intensity: {us-virginia: 350}}.",
        "fleet": "The deployments that may answer; at least one.",
        "router": "The policy, and the router it runs in. Example: {policy: cascade}.",
        "faults": "Outages and other incidents, and when. "
        "Example: [{kind: outage, target: small, at: 2h, duration: 10min}].",
        "quality": "How answers come to be right or wrong, and what the router guesses of that. "
        "Example: {router_auc: 0.8}.",
        "telemetry": "How finely the run is recorded over time, and at which instants dashboards show "
        "it. "
        "Example: {step: 1min}.",
    },
    "CatalogSettings": {
        "edition": "Edition of the catalog. Example: measured.",
        "overrides": "Figures of your own by kind (models, accelerators, offers, …), name and key; they "
        "override the entry, or make a new one. "
        "Example: {offers: {openai/gpt-4o: {requests_per_min: 500}}}.",
    },
    "Network": {
        "last_mile": "Round trips between users and their region's network, by tier of the deployment. "
        "Example: {cloud: 20ms}.",
        "egress_usd_per_gb": "USD per gigabyte that own capacity beyond the edge sends. Example: 0.09.",
        "bytes_per_output_token": "Bytes that an answer's token takes on the wire. Example: 300.",
    },
    "LastMile": {
        "edge": "Round trip to edge machines. Example: 2ms.",
        "on_prem": "Round trip to the operator's own site, beyond the way between regions. Example: 3ms.",
        "dedicated": "Round trip to dedicated capacity, beyond the way between regions. Example: 10ms.",
        "cloud": "Round trip to a cloud, beyond the way between regions. Example: 25ms.",
    },
    "SignalSettings": {
        "carbon_intensity": "Grams of CO2e per kWh by region: a number, or a CSV file with time or hour "
        "and gco2e_per_kwh. "
        "Example: {us-virginia: 350}.",
        "electricity_price": "USD per kWh by region: a number, a CSV file with time or hour and "
        "usd_per_kwh, or prices by time of the local day. "
        "Example: {us-texas: {'00:00': 0.04, '16:00': 0.11}}.",
    },
    "QualitySettings": {
        "discrimination": "How sharply ability decides between right and wrong. Example: 1.2.",
        "difficulty_noise": "Standard deviation of the router's estimate of difficulty. Example: 0.5.",
        "router_auc": "How well the router's score separates requests that need the strong model: ROC area, "
        "0.5 is chance. "
        "Example: 0.8.",
        "feedback": "What routers hear later of who was right; nothing where left out. "
        "Example: {ratio: 0.1, delay: 10min}.",
        "outcomes": "A table of recorded answers, or a folder of them, that takes the place of the quality "
        "model. "
        "Example: answers.csv.",
        "outcome_models": "What the table calls models of the fleet, where it is another name. "
        "Example: {gpt-4o: gpt-4o-2024-08-06}.",
        "coverage": "Which queries of the table are asked: those that all models of the fleet have answered, "
        "or all, with answers borrowed from a model's other ones where it has none. "
        "Example: per_model.",
        "right_from": "Grade from which on a graded answer counts as right; graded ones are refused where "
        "left out. "
        "Example: 0.5.",
        "score": "The table's column that is the router's score; its only or first one where left out. "
        "Example: win_rate.",
        "score_scale": "How scores become numbers from 0 to 1: as they are, or by their ranks. "
        "Example: rank.",
    },
    "FeedbackSettings": {
        "ratio": "Share of the requests of whose answers it becomes known. Example: 0.05.",
        "delay": "Time from the complete answer until it is known. Example: 1h.",
    },
    "TelemetrySettings": {
        "step": "Time between two samples; a 288th of the duration where left out. Example: 1min.",
        "epoch": "Instant of simulated time 0 in metrics; by start, moved into the past, where left "
        "out. "
        "Example: 2026-11-01T00:00:00Z.",
        "pace": "How many times faster than life a service shows the run; at once where left out. "
        "Example: 60x.",
    },
    "RouterSettings": {
        "policy": "A policy that ships (`wayfare policies`), one of your own as path/to/file.py:Class, "
        "or a policy server as grpc://host:port. "
        "Example: cascade.",
        "parameters": "Parameters of that policy; `wayfare policies NAME` lists them. Example: {floor: 0.6}.",
        "staleness": "How old the router's view of the fleet gets before it is renewed; always fresh at "
        "0. "
        "Example: 500ms.",
        "instances": "Router instances, each with a policy, cooldowns and a view of its own; they share "
        "nothing. Example: 4.",
        "assignment": "Which instance a request reaches: any, or for all of a session the same one (random, "
        "session). Example: session.",
        "decision_latency": "Time that a decision takes. Example: 20ms.",
        "decision_usd": "USD of a decision, e.g. for a classifier. Example: 0.0001.",
        "resilience": "The router's retries, fallbacks and cooldown or breaker; none where left out. "
        "Example: {retries: 2}.",
    },
    "ResilienceSettings": {
        "retries": "Further attempts within the model's targets after the first one failed. Example: 2.",
        "retries_by_class": "The same by class of the first error, whatever its status: "
        + ERRORS
        + "; others "
        "have retries. Example: {rate_limit: 3}.",
        "backoff": "Pause before the first retry on the same target; doubles with each. Example: 250ms.",
        "backoff_max": "Longest such pause. Example: 10s.",
        "jitter": "Upper end of the random extra pause. Example: 500ms.",
        "retry_after": "Shortest pause before a retry on the same target. Example: 1s.",
        "retry_after_max": "Longest hint of a provider that is heeded. Example: 30s.",
        "fallbacks": "Deployments tried next, by deployment; a fallback has fallbacks of its own. "
        "Example: {small: [frontier]}.",
        "context_window_fallbacks": "Deployments tried next after a prompt that is too long, by deployment; "
        "where any are stated, no others then. Example: {small: [frontier]}.",
        "content_policy_fallbacks": "Deployments tried next after a content policy's refusal, by "
        "deployment; where any are stated, no others then. Example: {small: [frontier]}.",
        "default_fallbacks": "Deployments tried where fallbacks names none. Example: [frontier].",
        "max_fallbacks": "Most fallbacks tried for a request. Example: 2.",
        "cooldown": "How long a target that failed too often gets no traffic; 0 switches it off. "
        "Example: 30s.",
        "cooldown_by_hint": "Whether a provider's Retry-After, however long, takes the cooldown's place. "
        "Example: true.",
        "disable_cooldowns": "Whether no target ever rests. Example: true.",
        "allowed_fails": "Failures within cooldown of the first of them before a target rests; by share "
        "where left out. A model's only target without fallbacks never does. "
        "Example: 3.",
        "allowed_fails_by_class": "The same by class of the latest error, for a model's only target too: "
        + ERRORS
        + "; others have allowed_fails, or 3. "
        "Example: {timeout: 1}.",
        "failure_ratio": "Share of a minute's attempts that must fail before a target rests. Example: 0.3.",
        "failure_min_count": "Attempts of a minute below which the share does not count. Example: 10.",
        "lone_failure_count": "Failures, without a success in a minute, before a model's only target "
        "rests. "
        "Example: 100.",
        "breaker": "A circuit breaker for each target, in the place of the cooldown and all of its keys. "
        "Example: {failure_threshold: 5}.",
    },
    "BreakerSettings": {
        "failure_threshold": "Failures in a row that open it. Example: 5.",
        "success_threshold": "Answers to probes that close it again. Example: 2.",
        "timeout": "How long it stays open before probes are let through. Example: 30s.",
        "minimum_requests": "Attempts that must have ended within the window before it opens. Example: 20.",
        "window": "How long ago the first failure of the row may be. Example: 60s.",
        "probes": "Most requests let through at a time while it is half open. Example: 3.",
    },
    "FaultTarget": {
        "deployment": "A deployment's name. Example: small.",
        "replica": "One replica, as name/i from 0. Example: small/0.",
        "region": "Everything in a region, except users' own devices. Example: us-virginia.",
        "provider": "All APIs of a provider. Example: openai.",
    },
    "Window": {
        "at": AT,
        "duration": LENGTH,
    },
    "Outage": {
        "kind": KIND,
        "target": TARGET,
    },
    "BrownOut": {
        "kind": KIND,
        "target": TARGET,
        "factor": "How many times as long work takes. Example: 3.",
        "failure_ratio": "Share of the attempts that fail. Example: 0.1.",
    },
    "SlowReplica": {
        "kind": KIND,
        "target": TARGET,
        "factor": "How many times as long work takes. Example: 4.",
    },
    "ErrorRate": {
        "kind": KIND,
        "target": TARGET,
        "failure_ratio": "Share of the attempts that fail. Example: 0.3.",
    },
    "RateLimitStorm": {
        "kind": KIND,
        "target": "What it strikes: an API's deployment by name, or {provider: …}; it must have rate limits. "
        "Example: {provider: openai}.",
        "factor": "What the rate limits are multiplied by. Example: 0.2.",
    },
    "Partition": {
        "kind": KIND,
        "between": "Two regions that do not reach each other. Example: [us-virginia, eu-nordics].",
        "timeout": "Time after which a request that does not get through fails. Example: 10s.",
    },
    "SpotLoss": {
        "kind": KIND,
        "target": TARGET,
        "notice": "Time between the announcement and the loss. Example: 30s.",
        "replicas": "Replicas lost of each deployment, the first ones; all where left out. Example: 2.",
    },
    "Maintenance": {
        "kind": KIND,
        "target": TARGET,
        "notice": "Time without new work before it is down. Example: 5min.",
    },
    "RandomOutage": {
        "kind": KIND,
        "target": TARGET,
        "mtbf": "Mean time of a replica between failures. Example: 30d.",
        "mttr": "Mean time to repair. Example: 1h.",
    },
}
