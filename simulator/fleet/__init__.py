"""Back-ends: how a kind of deployment serves. One protocol, one file each, one table."""
