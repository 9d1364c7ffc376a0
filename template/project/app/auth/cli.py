"""Commands about accounts."""

import secrets
import sys

import click
from pydantic import ValidationError

from app.core.commands import asynchronous
from app.core.queries import transactional
from app.database import connected
from app.models.user import User
from app.schemas.user import UserCreate
from app.services import attempts
from app.services import role as role_service
from app.services import token as token_service
from app.services import user as user_service


@click.command()
@click.option("--username", prompt="User name", default="admin", show_default=True)
@click.option("--email", prompt="E-mail address")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@asynchronous
async def create_admin(username: str, email: str, *, password_stdin: bool) -> None:
    """Create the first administrator, unless there is one. The password is shown once."""
    given = sys.stdin.readline().rstrip("\n") if password_stdin else None
    password = secrets.token_urlsafe(16) if given is None else given
    async with connected():
        existing = await User.filter(roles__name=role_service.ADMIN).first()
        if existing:
            click.echo(f"There is an administrator already: {existing.username}.")
            return
        user = await _create(username, email, password)
    click.echo(f"Created the administrator {user.username}.")
    if given is None:
        click.echo(f"Password, shown this once: {password}")


@click.command()
@asynchronous
async def purge() -> None:
    """Delete tokens whose time is over; run it once a day."""
    async with connected():
        count = await token_service.purge()
        await attempts.purge()
    click.echo(f"Deleted {count} tokens whose time is over.")


def refusal(error: ValidationError) -> click.ClickException:
    """Say in one sentence what is wrong with what was typed, without repeating it."""
    fault = error.errors(include_input=False)[0]
    sentence = fault["msg"].removeprefix("Value error, ")
    return click.ClickException(f"{fault['loc'][0]}: {sentence}")


@transactional
async def _create(username: str, email: str, password: str) -> User:
    values = {"username": username, "email": email, "password": password}
    try:
        user = await user_service.register(UserCreate(**values, confirm_password=password))
        return await role_service.assign(user, [role_service.ADMIN])
    except ValidationError as error:
        raise refusal(error) from None


commands = (create_admin, purge)
