"""Pages of our own, which load nothing and run nothing but what is in them."""

import base64
import hashlib
import html
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.responses import HTMLResponse

from app import TITLE

FOLDER = Path(__file__).parent
INLINE = re.compile(r"<(script|style)>(.*?)</\1>", re.DOTALL)


def page(name: str) -> Callable[[], Awaitable[HTMLResponse]]:
    """Return a route that shows a file of this folder, under a policy that allows its script."""
    text = (FOLDER / name).read_text(encoding="utf-8").replace("$title", html.escape(TITLE))
    allowed = [f"{kind}-src 'sha256-{_digest(code)}'" for kind, code in INLINE.findall(text)]
    policy = [
        "default-src 'none'",
        "base-uri 'none'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        *allowed,
    ]

    async def show() -> HTMLResponse:
        return HTMLResponse(text, headers={"Content-Security-Policy": "; ".join(policy)})

    return show


def _digest(code: str) -> str:
    return base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
