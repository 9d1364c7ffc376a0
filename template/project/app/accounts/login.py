"""Authentication with a user name or e-mail address and a password."""

from fastapi import Request

from app.accounts import attempts, passwords, users
from app.accounts.caller import NotAuthenticated
from app.accounts.models import User
from app.accounts.schemas import LONGEST_PASSWORD
from app.accounts.settings import AccountsSettings


async def log_in(request: Request, name_or_email: str, password: str, challenge: str) -> User:
    """Return the active account with this name or address if the password is right.

    Attempts are counted before the password is verified, by name and by network address:
    above the rate limit the right password is refused too.

    Raises:
        NotAuthenticated: The name or the password is wrong; the message does not say which.
        TooManyAttempts: The rate limit is exceeded.
    """
    settings: AccountsSettings = request.app.state.settings
    rate, rate_of_address = settings.rate_limit_login, settings.rate_limit_address
    name = settings.keyed_hash(" ".join(users.column_of(name_or_email)))
    address = attempts.address_key(request, settings)
    await attempts.count(address, rate_of_address)
    try:
        await attempts.count(name, rate)
    except attempts.TooManyAttempts:  # other users share the address
        await attempts.uncount(address, rate_of_address)
        raise
    user = await _verified(name_or_email, password)
    if user is None:
        raise NotAuthenticated("The name or the password is wrong", challenge)
    await attempts.reset(name)
    await attempts.uncount(address, rate_of_address)
    return user


async def _verified(name_or_email: str, password: str) -> User | None:
    """Hash once on every path, so that the response time does not reveal whether a user exists."""
    user = await users.find(name_or_email)
    stored = user.password_hash if user else None
    is_right, better_hash = await passwords.verify(password[:LONGEST_PASSWORD], stored)
    if user is None or not is_right or not user.is_active or len(password) > LONGEST_PASSWORD:
        return None
    if better_hash:  # stored only if the password was not changed concurrently
        unchanged = User.filter(id=user.id, password_hash=user.password_hash)
        await unchanged.update(password_hash=better_hash)
        user.password_hash = better_hash
    return user
