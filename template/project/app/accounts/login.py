"""Verification of a user name or e-mail address and a password."""

from fastapi import Request

from app.accounts import attempts, passwords, users
from app.accounts.caller import NotAuthenticated
from app.accounts.login_settings import LoginSettings
from app.accounts.models import User
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

    Attempts are counted before the password is verified, by account and by network:
    above the rate limit the right password is refused too.

    Raises:
        NotAuthenticated: The name or the password is wrong; the message does not say which.
        TooManyAttempts: The rate limit is exceeded.
        EmailNotVerified: The address must be verified first.
    """
    settings: LoginSettings = request.app.state.settings
    rate, network_rate = settings.rate_limit_login, settings.rate_limit_network
    column, value = users.identifier_of(name_or_email)
    account_key = settings.attempt_key(f"{column} {value}")
    network_key = attempts.network_key(request, settings)
    await attempts.count(network_key, network_rate)
    try:
        await attempts.count(account_key, rate)
    except attempts.TooManyAttempts:  # it does not count for the network, which others share
        await attempts.uncount(network_key, network_rate)
        raise
    user = await _find_and_verify(name_or_email, password)
    if user is None:
        raise NotAuthenticated("The name or the password is wrong", challenge)
    await attempts.reset(account_key)
    await attempts.uncount(network_key, network_rate)
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
