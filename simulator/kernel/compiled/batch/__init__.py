"""Continuous batching, compiled: admission, steps, caches, preemption."""
