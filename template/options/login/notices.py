"""Notices of changes to accounts, mailed to their owners."""

from app import mail
from app.accounts import {{ "api_keys, " if "api_key" in styles }}attempts, mail_texts
from app.accounts.models import User
from app.accounts.registration_settings import RegistrationSettings
from app.accounts.settings import Rate
from app.mail import MailText

MAX_PER_ADDRESS = Rate(3, 3600)
"""The most notices of one kind to an address: after these, its owner knows."""


def password_changed(settings: RegistrationSettings, user: User) -> None:
    """Mail that a password has changed."""
    mail.soon(_notify(settings, user.email, mail_texts.PASSWORD_CHANGED))


def password_reset(settings: RegistrationSettings, user: User) -> None:
    """Mail that a password was reset by a mailed link."""
    mail.soon(_notify_of_reset(settings, user))


def address_will_change(settings: RegistrationSettings, user: User) -> None:
    """Mail to the present address that it will be replaced."""
    mail.soon(_notify(settings, user.email, mail_texts.ADDRESS_WILL_CHANGE))


def address_changed(settings: RegistrationSettings, user: User, *, old: str) -> None:
    """Mail to the old address that the account has another one, if it was changed."""
    if user.email != old:
        mail.soon(_notify(settings, old, mail_texts.ADDRESS_CHANGED))


async def _notify_of_reset(settings: RegistrationSettings, user: User) -> None:
    text = mail_texts.PASSWORD_RESET
    await _notify(settings, user.email, text{{ ", keys=await api_keys.summary(user)" if "api_key" in styles }})


async def _notify(
    settings: RegistrationSettings, address: str, text: MailText, **values: str
) -> None:
    mail.require_settings(settings)
    await attempts.count(settings.attempt_key(f"{text.subject} {address}"), MAX_PER_ADDRESS)
    await mail.send(settings, address, text, **values)
