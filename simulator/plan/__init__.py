"""Plans: from a scenario to all that one replication will be, before it begins."""
