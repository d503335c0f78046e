"""What policies share that learn which model answers right from feedback."""
