"""What goes wrong while a gateway is hosted."""

from __future__ import annotations

from router.errors import RouterError


class HostedGatewayError(RouterError, RuntimeError):
    """The hosted gateway cannot go on; the message says what it met, in its own words."""
