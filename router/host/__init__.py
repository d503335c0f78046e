"""The host of a policy: asks it, checks its decision, and carries it out through failures."""
