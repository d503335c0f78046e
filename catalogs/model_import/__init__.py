"""A model's architecture and parameters, from its published configuration."""
