"""Mailed links, each of which works once: they reset a password, or verify an address."""

from datetime import timedelta

from pydantic import SecretStr
from tortoise import timezone

from app import mail
from app.accounts import attempts, mail_texts, tokens, users
from app.accounts.models import Token, User
from app.accounts.registration_settings import RegistrationSettings
from app.accounts.settings import Rate
from app.database.queries import transactional
from app.mail import MailText
from app.web.errors import BadRequest

RESET = "reset"
VERIFY = "verify"
"""The kinds of the tokens in these links."""
PAGES = {RESET: "password-reset", VERIFY: "verify-email"}
LIFETIMES = {RESET: timedelta(minutes=30), VERIFY: timedelta(hours=24)}
"""The texts of the mails name them: change both."""
MAX_PER_ADDRESS = Rate(3, 3600)


class InvalidLink(BadRequest):
    """The token is unknown, expired, used or replaced, or the account has changed since."""

    detail = "The link is not valid any more; ask for another one"


def mail_reset(settings: RegistrationSettings, address: str) -> None:
    """Start to mail a link that resets the password of the account with this address, if any."""
    mail.soon(_mail_reset(settings, address))


def mail_verification_again(settings: RegistrationSettings, address: str) -> None:
    """Start to mail a link to this address, if it is that of an account and not yet verified."""
    mail.soon(_mail_verification_again(settings, address))


def mail_first_verification(settings: RegistrationSettings, user: User) -> None:
    """Start to mail a link to the address of a new account; the rate limit is that of sign-ups."""
    mail.soon(_send(settings, user, VERIFY, user.email, mail_texts.VERIFY_ADDRESS))


def mail_new_verification(settings: RegistrationSettings, user: User, address: str) -> None:
    """Start to mail a link that changes the address of an account to this one.

    Whether another account has the address is not looked up: only whoever uses the link learns it.
    """
    mail.soon(_send_if_allowed(settings, user, VERIFY, address, mail_texts.VERIFY_NEW_ADDRESS))


async def reset(secret: str, password: SecretStr, *, revoke_all: bool = False) -> User:
    """Set a new password with a mailed token; all sessions and links are revoked.

    Named tokens, if there are any, are revoked on request, and always if the address was not
    verified: then a stranger who registered it may have made them.

    Raises:
        InvalidLink: The token is not valid.
        InvalidField: The password is easy to guess.
    """
    token = await tokens.find(RESET, secret)
    if token is None or token.address != token.owner.email:
        raise InvalidLink
    user, stored_hash = token.owner, token.owner.password_hash
    await users.set_password_hash(user, password, field="new_password")
    try:
        revoke_all = revoke_all or not user.email_verified
        await _save_reset(user, expected_hash=stored_hash, revoke_all=revoke_all)
    except tokens.AccountChanged:
        raise InvalidLink from None
    return user


async def verify(secret: str) -> tuple[User, str]:
    """Verify the address that a mailed token was sent to; it becomes that of the account.

    Returns:
        The user, and the address that it had before.

    Raises:
        InvalidLink: The token is not valid.
        EmailTaken: Another account has got the address meanwhile.
    """
    token = await tokens.find(VERIFY, secret)
    if token is None:
        raise InvalidLink
    old = token.owner.email
    try:
        await _save_verified(token, old)
    except tokens.AccountChanged:
        raise InvalidLink from None
    return token.owner, old


async def _mail_reset(settings: RegistrationSettings, address: str) -> None:
    user = await User.get_or_none(email=address, is_active=True)
    if user:
        await _send_if_allowed(settings, user, RESET, address, mail_texts.RESET_PASSWORD)


async def _mail_verification_again(settings: RegistrationSettings, address: str) -> None:
    user = await User.get_or_none(email=address, is_active=True, email_verified=False)
    if user:
        await _send_if_allowed(settings, user, VERIFY, address, mail_texts.VERIFY_ADDRESS)


async def _send_if_allowed(
    settings: RegistrationSettings, user: User, kind: str, address: str, text: MailText
) -> None:
    """Send a link, unless the address has got as many as it may.

    Links to a new address count apart, and by the account too: strangers who ask for them cannot
    use up the mails that the owner of the address may get.
    """
    keys = [f"mails to {address}"]
    if address != user.email:
        keys = [f"mails to new address {address}", f"mails to new addresses of {user.id}"]
    await attempts.count_all({settings.attempt_key(key): MAX_PER_ADDRESS for key in keys})
    await _send(settings, user, kind, address, text)


async def _send(
    settings: RegistrationSettings, user: User, kind: str, address: str, text: MailText
) -> None:
    """Send a link. The token is in the fragment (`#`), which browsers send to no server."""
    mail.require_settings(settings)
    secret = await _issue(user, kind, address)
    await mail.send(settings, address, text, link=settings.link(f"{PAGES[kind]}#token={secret}"))


@transactional
async def _issue(user: User, kind: str, address: str) -> str:
    """Return a new token and revoke earlier ones, unless the account has changed since."""
    token, secret = await tokens.issue_if_unchanged(
        user, kind, expires_at=timezone.now() + LIFETIMES[kind], address=address
    )
    # A link to another address replaces all, so that only the last address asked for can be set.
    replaced = {"address": address} if address == user.email else {}
    await tokens.revoke(kind=kind, owner_id=user.id, id__not=token.id, **replaced)
    return secret


@transactional
async def _save_reset(user: User, *, expected_hash: str, revoke_all: bool) -> None:
    await users.save_password_hash(user, expected_hash=expected_hash)
    await User.filter(id=user.id).update(email_verified=True)
    if revoke_all:
        await tokens.revoke(owner_id=user.id)


@transactional
async def _save_verified(token: Token, old: str) -> None:
    token.owner.email = old  # when this is called again, after a deadlock, it has the new one
    await tokens.lock_unchanged(token.owner, expected_hash=token.owner.password_hash)
    used_now = Token.filter(id=token.id, revoked_at=None)
    if not await used_now.update(revoked_at=timezone.now()):
        raise InvalidLink
    await users.save_address(token.owner, token.address)
