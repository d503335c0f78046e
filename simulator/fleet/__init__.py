"""The fleet: what each deployment of a scenario is, in queues, targets and terms."""
