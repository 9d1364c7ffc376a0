"""Verification of a user name or e-mail address and a password."""

from fastapi import Request

from app.accounts import password_attempts, passwords, users
from app.accounts.caller import NotAuthenticated
from app.accounts.models import User
from app.accounts.registration_settings import RegistrationSettings
from app.accounts.schemas import LONGEST_PASSWORD
from app.web.errors import Forbidden


class EmailNotVerified(Forbidden):
    """The password is right, but REQUIRE_VERIFIED_EMAIL is set and the address is not verified."""

    detail = (
        "Verify your e-mail address before you sign in: use the link in the mail, or ask for"
        " another with POST /api/auth/verify-email/resend"
    )


async def verify_credentials(
    request: Request, name_or_email: str, password: str, *, challenge: str
) -> User:
    """Return the active account with this name or e-mail address if the password is right.

    Raises:
        NotAuthenticated: The name or the password is wrong; the message does not say which.
        TooManyAttempts: A rate limit is exceeded.
        EmailNotVerified: The address must be verified first.
    """
    settings: RegistrationSettings = request.app.state.settings
    column, value = users.identifier_of(name_or_email)
    async with password_attempts.counted(request, f"{column} {value}"):
        user = await _find_and_verify(name_or_email, password)
        if user is None:
            raise NotAuthenticated("The name or the password is wrong", challenge)
    if settings.require_verified_email and not user.email_verified:
        raise EmailNotVerified
    return user


async def _find_and_verify(name_or_email: str, password: str) -> User | None:
    """Return the active user if the password is right, or None.

    Every path hashes once, so that the response time does not reveal whether a user exists.
    """
    user = await users.find(name_or_email)
    password_hash = user.password_hash if user else None
    is_right, better_hash = await passwords.verify(password[:LONGEST_PASSWORD], password_hash)
    if user is None or not is_right or not user.is_active or len(password) > LONGEST_PASSWORD:
        return None
    if better_hash:  # stored only if the password was not changed concurrently
        unchanged = User.filter(id=user.id, password_hash=user.password_hash)
        await unchanged.update(password_hash=better_hash)
        user.password_hash = better_hash
    return user
