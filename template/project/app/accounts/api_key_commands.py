"""Commands for API keys."""

import click
from pydantic import ValidationError

from app.accounts import api_keys, roles, users
from app.accounts.api_key_schemas import ApiKeyCreate
from app.accounts.models import User
from app.database.command_line import as_click_error, async_command, connected


@click.command()
@click.argument("user")
@click.option("--name", default="first key", show_default=True, help="The purpose of the key.")
@click.option("--scope", "scopes", multiple=True, help="A permission of the key; repeatable.")
@async_command
async def create_api_key(user: str, name: str, scopes: tuple[str, ...]) -> None:
    """Create a key for USER, a user name or e-mail address. It is shown once."""
    async with connected():
        owner = await users.find(user)
        if owner is None or not owner.is_active:
            raise click.ClickException(f"There is no active user called {user}.")
        try:
            key = await issue_key(owner, name, *scopes)
        except ValidationError as error:
            raise as_click_error(error) from None
    click.echo(f"Key of {owner.username}, shown this once: {key}")


async def issue_key(owner: User, name: str, *scopes: str) -> str:
    """Create a key for a user and return it; without scopes it has all permissions of the user."""
    new_key = ApiKeyCreate(name=name, scopes=list(scopes) or None)
    permissions = await roles.permissions_of(owner)
    _, key = await api_keys.create(owner, new_key, permissions)
    return key
