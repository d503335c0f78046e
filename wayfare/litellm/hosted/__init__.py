"""The process in which LiteLLM's `Router` runs: its loop, its transport, and what keeps it in order."""
