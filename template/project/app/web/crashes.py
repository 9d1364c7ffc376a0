"""Unexpected exceptions become responses."""

import logging
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.errors import problem

log = logging.getLogger(__name__)


class CrashMiddleware:
    """Middleware that logs an unexpected exception and answers 500.

    It is the innermost, so that this answer gets CORS and security headers too;
    Starlette's own handler is outside of all middleware.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application, and answer 500 if it raises before it has answered."""
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except Exception:
            if scope["type"] != "http" or started:
                raise
            log.exception("Unexpected error")
            answer = problem(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong on our side")
            await answer(scope, receive, send)
