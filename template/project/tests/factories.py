"""People for tests."""

import time
from datetime import timedelta
from uuid import UUID, uuid4

from httpx import AsyncClient, Response

from app import NAME
from app.auth.settings import get_auth_settings
from app.core import jwt, passwords
from app.models.user import User
from app.services import role as role_service
from app.services import token as token_service
from app.services.user import username_key

PASSWORD = "correct horse battery staple"

_hashes: dict[str, str] = {}  # to hash each password once saves a second in fifty people


async def add_user(name: str, *, role: str | None = None, password: str = PASSWORD) -> User:
    """Store an account, and give it a role."""
    if password not in _hashes:
        _hashes[password] = await passwords.create_hash(password)
    user = await User.create(
        username=name,
        username_key=username_key(name),
        email=f"{name}@example.org",
        password_hash=_hashes[password],
    )
    return await role_service.assign(user.id, [role]) if role else user


async def log_in(client: AsyncClient, name: str, password: str = PASSWORD) -> Response:
    """Sign in as people do."""
    form = {"username": name, "password": password}
    return await client.post("/api/auth/login", data=form)


async def headers_of(user: User) -> dict[str, str]:
    """Open a session for an account, and return the headers of its requests."""
    family, _ = await token_service.open_family(user, lifetime=timedelta(hours=1))
    return bearer(access_token(user, family))


def bearer(token: str) -> dict[str, str]:
    """Return the header that carries an access token."""
    return {"Authorization": f"Bearer {token}"}


def access_token(user: User, family: UUID, **changes: object) -> str:
    """Sign an access token as the service does; None takes a claim away."""
    now = int(time.time())
    claims: dict[str, object] = {"iss": NAME, "aud": NAME, "typ": "access", "jti": uuid4().hex}
    claims |= {"sub": str(user.id), "sid": str(family), "iat": now, "nbf": now, "exp": now + 60}
    changed = {name: value for name, value in (claims | changes).items() if value is not None}
    return jwt.encode(changed, get_auth_settings().key_for("access"))
