"""What the simulator says of the same configurations."""
