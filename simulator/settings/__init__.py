"""The settings of a scenario as typed data: what stands in the file, key by key; nothing is looked up."""
