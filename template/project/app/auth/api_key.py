"""Coming in with an API key in the header `X-API-Key`."""

import click
from fastapi import Depends, Request
from fastapi.security import APIKeyHeader
from pydantic import ValidationError

from app.auth.caller import Caller, NotAuthenticated, only
from app.auth.cli import refusal
from app.auth.settings import get_auth_settings
from app.core.commands import asynchronous
from app.core.errors import Forbidden
from app.database import connected
from app.models.token import Token
from app.models.user import User
from app.schemas.api_key import ApiKeyCreate
from app.services import api_key as api_key_service
from app.services import attempts
from app.services import role as role_service
from app.services import user as user_service

NAME = "X-API-Key"
CHALLENGE = "ApiKey"
INVALID = f"Send a valid key in the header {NAME}"

scheme = APIKeyHeader(name=NAME, auto_error=False)


async def authenticate(request: Request) -> Caller | None:
    """Return the caller, or None if the request carries no key.

    Raises:
        NotAuthenticated: It does, but the key is not valid.
        TooManyAttempts: Too many keys from this address were not.
    """
    key = only(request.headers.getlist(NAME), CHALLENGE)
    if key is None:
        return None
    token = await _find(request, key)
    if token is None:
        raise NotAuthenticated(INVALID, CHALLENGE)
    scopes = None if token.scopes is None else frozenset(token.scopes)
    if scopes is not None and request.method != "GET" and _names(request, token.owner):
        message = "A key with scopes may not change the account that it belongs to"
        raise Forbidden(message)
    return Caller(token.owner, scopes)


def _names(request: Request, owner: User) -> bool:
    """Whether the path names this account, whose changes no scope could confine."""
    return str(request.path_params.get("user_id", "")).lstrip("0") == str(owner.id)


async def _find(request: Request, key: str) -> Token | None:
    """Return the key; failures are counted by address, good ones are not slowed down by them.

    They do not count as wrong passwords of that address: a program that goes on with a key
    that was revoked keeps nobody from signing in.
    """
    if api_key_service.is_mistyped(key):
        return None
    token = await api_key_service.find(key)
    if token is None:
        settings = get_auth_settings()
        address = settings.fingerprint(f"keys {settings.fingerprint_of_address(request)}")
        await attempts.take(address, settings.rate_limit_of_address)
    return token


async def require_key(request: Request) -> Caller:
    """Return the caller, who must come with a key, whatever else the request carries."""
    caller = await authenticate(request)
    if caller is None:
        raise NotAuthenticated(INVALID, CHALLENGE)
    return caller


WITH_KEY = [Depends(scheme), Depends(require_key)]
"""For routers that only programs call."""


async def give(owner: User, name: str, *scopes: str) -> str:
    """Create a key for somebody, with all their rights unless scopes are named."""
    new_key = ApiKeyCreate(name=name, scopes=list(scopes) or None)
    rights = await role_service.permissions_of(owner)
    _, key = await api_key_service.create(owner, new_key, rights)
    return key


@click.command()
@click.argument("user")
@click.option("--name", default="first key", show_default=True, help="What it is for.")
@click.option("--scope", "scopes", multiple=True, help="What it may do; may be repeated.")
@asynchronous
async def create_api_key(user: str, name: str, scopes: tuple[str, ...]) -> None:
    """Create a key for USER, a name or an address. It is shown once."""
    async with connected():
        owner = await user_service.find(user)
        if owner is None or not owner.is_active:
            message = f"There is no active user called {user}."
            raise click.ClickException(message)
        try:
            key = await give(owner, name, *scopes)
        except ValidationError as error:
            raise refusal(error) from None
    click.echo(f"Key of {owner.username}, shown this once: {key}")


commands = (create_api_key,)
