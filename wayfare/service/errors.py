"""A call that the service refuses: what every room raises and the gRPC face answers with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc

if TYPE_CHECKING:
    from typing import NoReturn


class RefusedError(Exception):
    """A call that is answered with a status."""

    def __init__(self, code: grpc.StatusCode, text: str) -> None:
        """Keeps the status."""
        super().__init__(text)
        self.code = code


def invalid(text: str) -> NoReturn:
    """Raises `RefusedError` for an argument that cannot be."""
    raise RefusedError(grpc.StatusCode.INVALID_ARGUMENT, text)


def exhausted(text: str) -> NoReturn:
    """Raises `RefusedError` for more than is allowed now."""
    raise RefusedError(grpc.StatusCode.RESOURCE_EXHAUSTED, text)
