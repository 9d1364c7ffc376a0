"""When a long-lived credential was last used."""

from datetime import timedelta

from tortoise import timezone
from tortoise.expressions import Q

from app.accounts.models import Token

SELDOM = timedelta(minutes=1)
"""How old the record may be: a write for each request would cost too much."""


async def record(token: Token) -> None:
    """Store that the token was used just now, at most once a minute."""
    now = timezone.now()
    if token.last_used_at is None or token.last_used_at < now - SELDOM:
        is_old = Q(last_used_at=None) | Q(last_used_at__lt=now - SELDOM)
        await Token.filter(is_old, id=token.id).update(last_used_at=now)
