"""Who calls: tenants by bearer token."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import grpc

from wayfare.service.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wayfare.service.errors import Context

EVERYBODY = "default"
BEARER = "Bearer "


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Tenants by token; without tokens everybody is one tenant."""

    tokens: Mapping[str, str] = field(default_factory=dict, repr=False)

    def tenant(self, context: Context) -> str:
        """The caller's tenant.

        Raises:
            RefusedError: the call carries no token, or one that nobody has.
        """
        if not self.tokens:
            return EVERYBODY
        metadata = dict(context.invocation_metadata() or ())
        given = str(metadata.get("authorization", "")).removeprefix(BEARER).encode()
        found = [
            tenant for token, tenant in self.tokens.items() if hmac.compare_digest(token.encode(), given)
        ]
        if not found:
            text = "no valid token; send `authorization: Bearer TOKEN`"
            raise RefusedError(grpc.StatusCode.UNAUTHENTICATED, text)
        return found[0]
