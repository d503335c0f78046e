"""The kernel's compiled functions: queues, servers, limits, and the verbs that drive them."""
