"""Reset of a forgotten password, by a mailed link."""

from http import HTTPStatus
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse
from pydantic import Field, field_validator

from app.accounts import password_reset
from app.accounts.password_reset import InvalidLink
from app.accounts.schemas import EmailAddress, NewPassword, Password, same_as
from app.web.errors import documents_errors
from app.web.schemas import Input
from app.web.types import SingleLine

public_router = APIRouter(tags=["auth"])


class ResetRequest(Input):
    """The address of the account whose password was forgotten."""

    email: EmailAddress


class Reset(Input):
    """A new password, and the token from the mail as proof."""

    token: Annotated[SingleLine, Field(max_length=200)]
    new_password: NewPassword
    confirm_password: Password

    _confirmed = field_validator("confirm_password")(same_as("new_password"))


@public_router.post("/api/auth/password-reset", status_code=HTTPStatus.ACCEPTED)
async def request_reset(request: Request, body: ResetRequest) -> None:
    """Mail a link to reset the password, if there is such an account.

    The response is the same if there is none, and does not wait for the mail.
    """
    password_reset.mail_link_soon(request.app.state.settings, body.email)


@public_router.post("/api/auth/password-reset/confirm", status_code=HTTPStatus.NO_CONTENT)
@documents_errors(InvalidLink)
async def reset_password(body: Reset) -> None:
    """Set a new password with the mailed token, once. All sessions and links are revoked."""
    await password_reset.reset(body.token, body.new_password)


@public_router.get("/password-reset", include_in_schema=False)
async def show_page() -> FileResponse:
    """Serve the page that the mailed link opens."""
    return FileResponse(Path(__file__).with_name("password_reset.html"))
