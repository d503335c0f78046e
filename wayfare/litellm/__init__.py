"""LiteLLM's own `Router` as a policy: unmodified, in a process of its own, on the simulation's clock."""
