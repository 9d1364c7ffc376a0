"""Reset of a forgotten password, by a mailed link."""

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
MAX_PENDING_MAILS = 100  # more requests are an attack
MAIL_SETTINGS = {"smtp_url", "mail_from", "public_base_url"}
MAILS_PER_ACCOUNT = Rate(3, 3600)

public_router = APIRouter(tags=["auth"])
pending_mails: set[asyncio.Task[None]] = set()
"""Tasks that send mails; only the shutdown of the service waits for them."""


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
    """The token is unknown, expired, used or replaced, or the account has changed since."""

    detail = "The link is not valid any more; ask for another one"


@public_router.post("/api/auth/password-reset", status_code=HTTPStatus.ACCEPTED)
async def request_reset(request: Request, body: ResetRequest) -> None:
    """Mail a link to reset the password, if there is such an account.

    The response is the same if there is none, and does not wait for the mail.
    """
    if len(pending_mails) >= MAX_PENDING_MAILS:
        return
    task = asyncio.create_task(_mail_link(request.app.state.settings, body.email))
    pending_mails.add(task)
    task.add_done_callback(pending_mails.discard)


@public_router.post("/api/auth/password-reset/confirm", status_code=HTTPStatus.NO_CONTENT)
async def reset_password(body: Reset) -> None:
    """Set a new password with the mailed token, once. All sessions and links are revoked."""
    token = await tokens.find(KIND, body.token)
    if token is None or token.family != _family(token.owner):
        raise InvalidReset
    verified_hash = token.owner.password_hash
    await users.set_password_hash(token.owner, body.new_password, "new_password")
    try:
        await users.save_password_hash(token.owner, verified_hash)  # revokes this token too
    except Conflict:
        raise InvalidReset from None


@public_router.get("/password-reset", include_in_schema=False)
async def show_page() -> FileResponse:
    """Serve the page that the mailed link opens."""
    return FileResponse(Path(__file__).with_name("password_reset.html"))


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
        user, KIND, expires_at=timezone.now() + LIFETIME, family=_family(user)
    )
    await tokens.revoke(kind=KIND, owner_id=user.id, id__not=token.id)
    return secret


def _family(user: User) -> UUID:
    """Return the family of links to one address: they are valid only while the account has it."""
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
    if settings.is_production and not settings.model_fields_set.issuperset(MAIL_SETTINGS):
        raise NotSent("SMTP_URL, MAIL_FROM or PUBLIC_BASE_URL is not set")
    url = settings.smtp_url
    return SmtpMailer(url.get_secret_value()) if url else FolderMailer(Path("var/mail"))
