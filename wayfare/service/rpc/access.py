"""Who calls: tenants by bearer token, looked at before a request is read."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import grpc

from wayfare.service.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping

    from wayfare.service.rpc.errors import Context

    Handler = grpc.RpcMethodHandler[Any, Any]

EVERYBODY = "default"
BEARER = "bearer"
OWN_SERVICES = "/wayfare."
NO_TOKEN = "no valid token; send `authorization: Bearer TOKEN`"  # noqa: S105  (a message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Tenants by token; without tokens all callers are one tenant."""

    tokens: Mapping[str, str] = field(default_factory=dict, repr=False)

    def tenant(self, context: Context) -> str:
        """The caller's tenant.

        Raises:
            RefusedError: the call carries no token, or an unknown one.
        """
        found = self.tenant_of(context.invocation_metadata() or ())
        if found is None:
            raise RefusedError(grpc.StatusCode.UNAUTHENTICATED, NO_TOKEN)
        return found

    def tenant_of(self, metadata: Iterable[tuple[str, str | bytes]]) -> str | None:
        """The tenant whose token is in a call's metadata; None without one."""
        if not self.tokens:
            return EVERYBODY
        given = token_in(dict(metadata).get("authorization", "")).encode()
        matching = [
            tenant for token, tenant in self.tokens.items() if hmac.compare_digest(token.encode(), given)
        ]
        return matching[0] if matching else None


def token_in(header: str | bytes) -> str:
    """The token of an `authorization` header; the scheme's case does not matter (RFC 9110, 11.1)."""
    text = header.decode(errors="replace") if isinstance(header, bytes) else header
    scheme, _space, token = text.partition(" ")
    return token.strip() if scheme.lower() == BEARER else ""


class TokenInterceptor(grpc.aio.ServerInterceptor):
    """Refuses calls without a tenant's token before their messages are received and read."""

    def __init__(self, access: Access) -> None:
        """Keeps whom it knows."""
        self._access = access

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """The method's handler, or one that takes no message and refuses."""
        handler = await continuation(handler_call_details)
        is_ours = str(handler_call_details.method).startswith(OWN_SERVICES)
        metadata = handler_call_details.invocation_metadata or ()
        if handler is None or not is_ours or self._access.tenant_of(metadata) is not None:
            return handler
        return grpc.stream_stream_rpc_method_handler(refused)


async def refused(_messages: AsyncIterator[bytes], context: Context) -> None:
    """Ends a call without taking a message: as a stream, whatever the method is."""
    await context.abort(grpc.StatusCode.UNAUTHENTICATED, NO_TOKEN)
