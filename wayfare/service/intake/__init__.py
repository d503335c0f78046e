"""From a call to an accepted run: checked, estimated, within its tenant's limits."""
