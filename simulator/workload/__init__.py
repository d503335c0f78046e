"""Requests made before the run: lengths, sessions and recorded columns of every stream, as one workload."""
