"""Resets of forgotten passwords: a mailed link, which works once."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import localtime
from uuid import NAMESPACE_URL, UUID, uuid5

from email_validator import validate_email
from fastapi import FastAPI
from pydantic import SecretStr
from tortoise import timezone

from app import ROOT, TITLE
from app.accounts import attempts, tokens, users
from app.accounts.login_settings import LoginSettings
from app.accounts.models import User
from app.accounts.settings import Rate
from app.database.queries import transactional
from app.mail import FolderMailer, Mailer, NotSent, SmtpMailer
from app.web.errors import AppError, BadRequest

log = logging.getLogger(__name__)

KIND = "reset"
LIFETIME = timedelta(minutes=30)
MAX_PENDING_MAILS = 100  # so many at once are an attack: further requests are dropped
MAIL_FOLDER = ROOT / "var/mail"
MAIL_SETTINGS = {"smtp_url", "mail_from", "public_base_url"}
MAILS_PER_ACCOUNT = Rate(3, 3600)

pending_mails: set[asyncio.Task[None]] = set()
"""Tasks that send mails; only the shutdown of the service waits for them."""


class InvalidLink(BadRequest):
    """The token is unknown, expired, used or replaced, or the account has changed since."""

    detail = "The link is not valid any more; ask for another one"


def mail_link_soon(settings: LoginSettings, address: str) -> None:
    """Start to mail a link to the account with this address, if there is one."""
    if len(pending_mails) >= MAX_PENDING_MAILS:
        return
    task = asyncio.create_task(_mail_link(settings, address))
    pending_mails.add(task)
    task.add_done_callback(pending_mails.discard)


async def reset(secret: str, password: SecretStr) -> None:
    """Set a new password with a mailed token; all sessions and links are revoked.

    Raises:
        InvalidLink: The token is not valid.
        InvalidField: The password is easy to guess.
    """
    token = await tokens.find(KIND, secret)
    if token is None or token.family != _address_id(token.owner):
        raise InvalidLink
    stored_hash = token.owner.password_hash
    await users.set_password_hash(token.owner, password, field="new_password")
    try:
        await users.save_password_hash(token.owner, expected_hash=stored_hash)
    except tokens.AccountChanged:
        raise InvalidLink from None


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    """Wait up to 5 seconds for pending mails when the service shuts down."""
    yield
    if pending_mails:
        await asyncio.wait(pending_mails, timeout=5)


async def _mail_link(settings: LoginSettings, address: str) -> None:
    """Mail a link to an active account; failures are logged, as nobody awaits this task."""
    try:
        user = await User.get_or_none(email=address, is_active=True)
        if user:
            await attempts.count(settings.attempt_key(f"reset {user.id}"), MAILS_PER_ACCOUNT)
            await _mailer(settings).send(_message(settings, user, await _new_token(user)))
    except (AppError, NotSent) as reason:
        log.error("No mail was sent: %s", reason)  # noqa: TRY400 - a traceback adds nothing
    except Exception:
        log.exception("No mail was sent")


@transactional
async def _new_token(user: User) -> str:
    """Return a new token and revoke earlier ones, unless the account has changed since."""
    token, secret = await tokens.issue_if_unchanged(
        user, KIND, expires_at=timezone.now() + LIFETIME, family=_address_id(user)
    )
    await tokens.revoke(kind=KIND, owner_id=user.id, id__not=token.id)
    return secret


def _address_id(user: User) -> UUID:
    """Return an id of the user's address: a link is valid while the account has this address."""
    return uuid5(NAMESPACE_URL, f"mailto:{user.email}")


def _message(settings: LoginSettings, user: User, token: str) -> EmailMessage:
    """Write the mail. The token is in the fragment (`#`), which browsers send to no server.

    It does not contain the user name: a stranger may have registered this address.
    """
    message = EmailMessage()
    message["From"] = Address(settings.mail_from.name, addr_spec=settings.mail_from.email)
    message["To"] = validate_email(user.email, check_deliverability=False).ascii_email or user.email
    message["Subject"] = f"Your password for {TITLE}"
    message["Date"] = localtime()
    message["Auto-Submitted"] = "auto-generated"  # no automatic replies (RFC 3834)
    message.set_content(
        f"""Hello,

you can set a new password with this link, within {LIFETIME.seconds // 60} minutes:

{str(settings.public_base_url).rstrip("/")}/password-reset#token={token}

If you did not ask for it, ignore this mail: your password stays unchanged.
""",
        cte="7bit",  # keeps the link on one line
    )
    return message


def _mailer(settings: LoginSettings) -> Mailer:
    """Return the mailer of the settings; development without a server writes to a folder.

    Raises:
        NotSent: A setting that production requires is not set.
    """
    missing = MAIL_SETTINGS - settings.model_fields_set
    if settings.is_production and missing:
        raise NotSent(f"set {', '.join(sorted(missing)).upper()}, which production requires")
    url = settings.smtp_url
    return SmtpMailer(url.get_secret_value()) if url else FolderMailer(MAIL_FOLDER)
