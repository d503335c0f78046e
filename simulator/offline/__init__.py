"""What a policy would have earned on logged traffic, from the log's propensities: no world, no load."""
