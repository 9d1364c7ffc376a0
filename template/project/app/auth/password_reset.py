"""A new password for who forgot theirs, by a link in a mail."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from email.message import EmailMessage
from http import HTTPStatus
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, FastAPI
from pydantic import Field, SecretStr, field_validator
from tortoise import timezone

from app import TITLE
from app.auth.login import page
from app.auth.settings import get_auth_settings
from app.config import get_settings
from app.core.errors import AppError
from app.core.mail import PORTS, FolderMailer, Mailer, SmtpMailer
from app.core.queries import transactional
from app.core.settings import Section, cached
from app.models.token import Token
from app.models.user import User
from app.schemas.base import Input, Line
from app.schemas.user import EmailAddress, NewPassword, Password, same_as
from app.services import attempts
from app.services import token as token_service
from app.services import user as user_service

log = logging.getLogger(__name__)

KIND = "reset"
LIFETIME = timedelta(minutes=30)
FOLDER = Path("var/mail")
MAILS_PER_ACCOUNT = attempts.Rate(3, 3600)

router = APIRouter(tags=["auth"])
_under_way: set[asyncio.Task[None]] = set()


class MailSettings(Section):
    """Who mails, and where the links in a mail lead."""

    smtp_url: SecretStr | None = None
    mail_from: str = "noreply@localhost"
    public_base_url: str = "http://127.0.0.1:8000"

    @field_validator("smtp_url")
    @classmethod
    def server_has_a_name(cls, url: SecretStr | None) -> SecretStr | None:
        """Refuse a URL that names no server."""
        parts = urlsplit(url.get_secret_value() if url else "smtp://none")
        if parts.scheme not in PORTS or not parts.hostname:
            message = "write a URL such as smtps://user:password@mail.example.org"
            raise ValueError(message)
        return url

    @field_validator("public_base_url")
    @classmethod
    def base_is_an_address(cls, url: str) -> str:
        """Refuse what cannot stand at the beginning of a link."""
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.netloc or parts.query:
            message = "write the address of the service, such as https://app.example.org"
            raise ValueError(message)
        return url.rstrip("/")


get_mail_settings = cached(MailSettings)


class ResetRequest(Input):
    """The address of the account whose password was forgotten."""

    email: EmailAddress


class Reset(Input):
    """A new password, and the token from the mail as proof."""

    token: Annotated[Line, Field(max_length=200)]
    new_password: NewPassword
    confirm_password: Password

    _confirmed = field_validator("confirm_password")(same_as("new_password"))


class InvalidReset(AppError):
    """The token was used, or replaced, or is too old, or never was one."""


@router.post("/api/auth/password-reset", status_code=HTTPStatus.ACCEPTED)
async def request_reset(body: ResetRequest) -> None:
    """Mail a link that sets a new password, if there is such an account.

    The answer is the same if there is none, and does not wait to find out.
    """
    task = asyncio.create_task(_mail_link(body.email))
    _under_way.add(task)
    task.add_done_callback(_under_way.discard)


@router.post("/api/auth/password-reset/confirm", status_code=HTTPStatus.NO_CONTENT)
async def reset_password(body: Reset) -> None:
    """Set a new password with the token from the mail, once. All sessions end."""
    token = await token_service.find(KIND, body.token)
    if token is None:
        raise _invalid()
    user = token.owner
    about = (user.username, user.email)
    user.password_hash = await user_service.hash_password(body.new_password, "new_password", about)
    await _use(token, user)


router.get("/password-reset", include_in_schema=False)(page("password_reset.html"))


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    """Let mails that are under way go out before the service ends."""
    yield
    await asyncio.gather(*_under_way)


router.lifespan_context = lifespan


async def _mail_link(address: str) -> None:
    """Mail a link to an active account; whatever fails is for the log, nobody waits for it."""
    try:
        user = await User.get_or_none(email=address, is_active=True)
        if user:
            fingerprint = get_auth_settings().fingerprint(f"reset {user.id}")
            await attempts.take({fingerprint: MAILS_PER_ACCOUNT})
            await _mailer().send(_message(user, await _new_token(user)))
    except attempts.TooManyAttempts:
        log.warning("No mail was sent: too many resets were asked for one account")
    except Exception:
        log.exception("No mail was sent")


@transactional
async def _new_token(user: User) -> str:
    """Return a token that replaces those before it."""
    await token_service.revoke(kind=KIND, owner_id=user.id)
    expires_at = timezone.now() + LIFETIME
    _, secret = await token_service.issue(user, KIND, expires_at=expires_at)
    return secret


@transactional
async def _use(token: Token, user: User) -> None:
    """Spend the token and store the hash of the new password, if nobody did so first."""
    unused = Token.filter(id=token.id, used_at=None, revoked_at=None)
    if await unused.update(used_at=timezone.now()) != 1:
        raise _invalid()
    await user_service.replace_password(user)


def _invalid() -> InvalidReset:
    message = "The link is not valid any more; ask for another one"
    return InvalidReset(message)


def _message(user: User, token: str) -> EmailMessage:
    """Write the mail. The token stands behind `#`, which browsers tell no server."""
    settings = get_mail_settings()
    message = EmailMessage()
    message["Subject"] = f"Your password for {TITLE}"
    message["From"] = settings.mail_from
    message["To"] = user.email
    message.set_content(
        f"Hello {user.username},\n\n"
        f"with this link you set a new password, within {LIFETIME.seconds // 60} minutes:\n\n"
        f"{settings.public_base_url}/password-reset#token={token}\n\n"
        "If you did not ask for it, do nothing: your password stays as it is.\n"
    )
    return message


def _mailer() -> Mailer:
    """Return the server that was set; without one, only development has a place for mail."""
    url = get_mail_settings().smtp_url
    if url:
        return SmtpMailer(url.get_secret_value())
    if get_settings().is_production:
        message = "SMTP_URL is not set"
        raise RuntimeError(message)
    return FolderMailer(FOLDER)
