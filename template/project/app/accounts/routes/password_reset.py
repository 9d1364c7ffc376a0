"""A new password for who forgot theirs, by a link in a mail."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import localtime
from http import HTTPStatus
from pathlib import Path
from typing import Annotated
from uuid import NAMESPACE_URL, UUID, uuid5

from email_validator import validate_email
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import FileResponse
from pydantic import Field, field_validator
from tortoise import timezone

from app import TITLE
from app.accounts import attempts, tokens, users
from app.accounts.login_settings import LoginSettings
from app.accounts.models import User
from app.accounts.schemas import EmailAddress, NewPassword, Password, same_as
from app.accounts.settings import Rate
from app.database.queries import transactional
from app.mail import FolderMailer, Mailer, NotSent, SmtpMailer
from app.web.errors import AppError, Conflict
from app.web.schemas import Input
from app.web.types import SingleLine

log = logging.getLogger(__name__)

KIND = "reset"
LIFETIME = timedelta(minutes=30)
MOST_AT_ONCE = 100  # more come from nobody who forgot a password
MAIL_SETTINGS = {"smtp_url", "mail_from", "public_base_url"}
MAILS_PER_ACCOUNT = Rate(3, 3600)

public_router = APIRouter(tags=["auth"])
mails_under_way: set[asyncio.Task[None]] = set()
"""Tasks that send mails; nobody waits for them but the end of the service."""


class ResetRequest(Input):
    """The address of the account whose password was forgotten."""

    email: EmailAddress


class Reset(Input):
    """A new password, and the token from the mail as proof."""

    token: Annotated[SingleLine, Field(max_length=200)]
    new_password: NewPassword
    confirm_password: Password

    _confirmed = field_validator("confirm_password")(same_as("new_password"))


class InvalidReset(AppError):
    """The token was used or replaced, is too old or never was one, or the account has changed."""

    detail = "The link is not valid any more; ask for another one"


@public_router.post("/api/auth/password-reset", status_code=HTTPStatus.ACCEPTED)
async def request_reset(request: Request, body: ResetRequest) -> None:
    """Mail a link that sets a new password, if there is such an account.

    The answer is the same if there is none, and does not wait to find out.
    """
    if len(mails_under_way) >= MOST_AT_ONCE:
        return
    task = asyncio.create_task(_mail_link(request.app.state.settings, body.email))
    mails_under_way.add(task)
    task.add_done_callback(mails_under_way.discard)


@public_router.post("/api/auth/password-reset/confirm", status_code=HTTPStatus.NO_CONTENT)
async def reset_password(body: Reset) -> None:
    """Set a new password with the token from the mail, once. All sessions end, and all links."""
    token = await tokens.find(KIND, body.token)
    if token is None or token.family != _family(token.owner):
        raise InvalidReset
    verified_hash = token.owner.password_hash
    await users.set_password(token.owner, body.new_password, "new_password")
    try:
        await users.store_password(token.owner, verified_hash)
    except Conflict:
        raise InvalidReset from None


@public_router.get("/password-reset", include_in_schema=False)
async def show_page() -> FileResponse:
    """Show the page that the link leads to."""
    return FileResponse(Path(__file__).with_name("password_reset.html"))


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    """Let mails that are under way go out before the service ends, for some seconds."""
    yield
    if mails_under_way:
        await asyncio.wait(mails_under_way, timeout=5)


async def _mail_link(settings: LoginSettings, address: str) -> None:
    """Mail a link to an active account; whatever fails is for the log, nobody waits for it."""
    try:
        user = await User.get_or_none(email=address, is_active=True)
        if user:
            fingerprint = settings.fingerprint(f"reset {user.id}")
            await attempts.count(fingerprint, MAILS_PER_ACCOUNT)
            await _mailer(settings).send(_message(settings, user, await _new_token(user)))
    except (AppError, NotSent) as reason:
        log.error("No mail was sent: %s", reason)  # noqa: TRY400 - a traceback tells no more
    except Exception:
        log.exception("No mail was sent")


@transactional
async def _new_token(user: User) -> str:
    """Return a token that replaces those before it, unless the account has changed meanwhile."""
    token, secret = await tokens.issue_if_unchanged(
        user, KIND, expires_at=timezone.now() + LIFETIME, family=_family(user)
    )
    await tokens.revoke(kind=KIND, owner_id=user.id, id__not=token.id)
    return secret


def _family(user: User) -> UUID:
    """Return that of the links to one address: they count only while the account has it."""
    return uuid5(NAMESPACE_URL, f"mailto:{user.email}")


def _message(settings: LoginSettings, user: User, token: str) -> EmailMessage:
    """Write the mail. The token stands behind `#`, which browsers tell no server.

    Nothing in it is chosen by whoever opened the account: the address may be another's.
    """
    message = EmailMessage()
    message["From"] = Address(settings.mail_from.name, addr_spec=settings.mail_from.email)
    message["To"] = validate_email(user.email, check_deliverability=False).ascii_email or user.email
    message["Subject"] = f"Your password for {TITLE}"
    message["Date"] = localtime()
    message["Auto-Submitted"] = "auto-generated"  # nobody should answer (RFC 3834)
    message.set_content(
        f"""Hello,

with this link you set a new password, within {LIFETIME.seconds // 60} minutes:

{str(settings.public_base_url).rstrip("/")}/password-reset#token={token}

If you did not ask for it, do nothing: your password stays as it is.
""",
        cte="7bit",  # so that the link stays whole
    )
    return message


def _mailer(settings: LoginSettings) -> Mailer:
    """Return the server that was set; only development has a folder instead, and defaults.

    Raises:
        NotSent: Something that production needs is not set.
    """
    if settings.is_production and not settings.model_fields_set.issuperset(MAIL_SETTINGS):
        reason = "SMTP_URL, MAIL_FROM or PUBLIC_BASE_URL is not set"
        raise NotSent(reason)
    url = settings.smtp_url
    return SmtpMailer(url.get_secret_value()) if url else FolderMailer(Path("var/mail"))
