"""Proving with a password who one is."""

from fastapi import Request

from app.accounts import attempts, passwords, users
from app.accounts.caller import NotAuthenticated
from app.accounts.models import User
from app.accounts.schemas import LONGEST_PASSWORD
from app.accounts.settings import AccountsSettings


async def log_in(request: Request, name_or_email: str, password: str, challenge: str) -> User:
    """Return the active account with this name or address if the password is right.

    Attempts are counted before the password is looked at, by what was typed and by
    address, so that a right one is refused too once there were too many.

    Raises:
        NotAuthenticated: The name or the password is wrong; which, is not told.
        TooManyAttempts: There were too many wrong ones.
    """
    settings: AccountsSettings = request.app.state.settings
    rate, rate_of_address = settings.rate_limit_login, settings.rate_limit_address
    typed = settings.fingerprint(" ".join(users.column_of(name_or_email)))
    address = attempts.address_key(request, settings)
    await attempts.count(address, rate_of_address)
    try:
        await attempts.count(typed, rate)
    except attempts.TooManyAttempts:  # others at the address may go on
        await attempts.uncount(address, rate_of_address)
        raise
    user = await _with_password(name_or_email, password)
    if user is None:
        raise NotAuthenticated("The name or the password is wrong", challenge)
    await attempts.reset(typed)
    await attempts.uncount(address, rate_of_address)
    return user


async def _with_password(name_or_email: str, password: str) -> User | None:
    """Every path costs one hash, so that time does not tell whether an account exists."""
    user = await users.find(name_or_email)
    stored = user.password_hash if user else None
    is_right, better_hash = await passwords.verify(password[:LONGEST_PASSWORD], stored)
    if user is None or not is_right or not user.is_active or len(password) > LONGEST_PASSWORD:
        return None
    if better_hash:  # of the password that was verified, unless it was changed meanwhile
        same = User.filter(id=user.id, password_hash=user.password_hash)
        await same.update(password_hash=better_hash)
        user.password_hash = better_hash
    return user
