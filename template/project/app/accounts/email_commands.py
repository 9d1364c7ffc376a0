"""The command that sets an e-mail address, for services that send no mail."""

import click
from pydantic import ValidationError

from app import mail
from app.accounts import notices, users
from app.accounts.registration_settings import RegistrationSettings
from app.accounts.schemas import UserUpdateByAdmin
from app.database.command_line import as_click_error, async_command, connected


@click.command()
@click.argument("user")
@click.argument("address")
@async_command
async def set_email(user: str, address: str) -> None:
    """Set the address of USER, a user name or e-mail address. It counts as verified."""
    settings: RegistrationSettings = click.get_current_context().obj()  # get_settings, see app.cli
    async with connected():
        found = await users.find(user)
        if found is None:
            raise click.ClickException(f"There is no user called {user}.")
        old = found.email
        try:
            await users.update(found, UserUpdateByAdmin(email=address))
        except ValidationError as error:
            raise as_click_error(error) from None
        notices.address_changed(settings, found, old=old)
        await mail.wait_for_pending()
    click.echo(f"The address of {found.username} is {found.email}.")


def advice(settings: RegistrationSettings) -> list[str]:
    """Return what `doctor` recommends to the owner of the service."""
    if not settings.can_send_mail:
        missing = ", ".join(sorted(mail.REQUIRED - settings.model_fields_set)).upper()
        return [f"no mail is sent, so nobody can reset a password: set {missing}"]
    if settings.registration_is_open and not settings.require_verified_email:
        return ["anyone may register any address: set REQUIRE_VERIFIED_EMAIL=true"]
    return []
