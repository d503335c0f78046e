"""The fleet over virtual time: replicas, autoscalers, faults, devices."""
