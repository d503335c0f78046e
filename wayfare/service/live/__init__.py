"""Live routers: those the operator configured, and each tenant's own."""
