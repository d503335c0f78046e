"""Objects of other routing libraries as policies, recognised by the method they have."""
