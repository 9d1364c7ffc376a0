"""Notices of changes to accounts. They are logged, as this service sends none to their owners."""

import logging

from app.accounts.models import User
from app.accounts.settings import AccountsSettings

log = logging.getLogger(__name__)


def password_changed(_settings: AccountsSettings, user: User) -> None:
    """Report that a user has a new password."""
    log.info("User %s has a new password", user.id)


def address_changed(_settings: AccountsSettings, user: User, *, old: str) -> None:
    """Report that a user has a new address, unless it is the old one."""
    if user.email != old:
        log.info("User %s has a new address", user.id)
