"""The HTTP server: uvicorn, quiet, on a socket that listens already."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    from starlette.applications import Starlette

_BACKLOG = 2048
_KEEP_ALIVE_S = 75
_GRACE_S = 1
# Above what the front proxy's 414 is about: h11 has no good answer to a request line that it cannot hold.
_MAX_HEAD_BYTES = 8 << 20


class _Protocol(H11Protocol):
    """HTTP/1.1 that hands out its connection, which ASGI does not: a fault may have to drop it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


def server(app: Starlette) -> uvicorn.Server:
    """Give a server of *app*; what is still in flight a second after it was told to end is dropped."""
    config = uvicorn.Config(
        app,
        loop="asyncio",
        http=_Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        backlog=_BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_GRACE_S,
        h11_max_incomplete_event_size=_MAX_HEAD_BYTES,
    )
    return uvicorn.Server(config)
