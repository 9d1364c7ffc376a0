"""Rate limits of attempts at passwords."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Request

from app.accounts import attempts, passwords
from app.accounts.settings import AccountsSettings


@asynccontextmanager
async def counted(request: Request, account: str) -> AsyncIterator[None]:
    """Count an attempt at the password of an account; it has succeeded if the body does not raise.

    It is counted before it is made: above a limit the right password is refused too. The limit of
    the account is by network, so that guesses from one do not lock the owner out elsewhere. Wider
    ones are for all accounts from the network, and for the account from all networks.

    Raises:
        TooManyAttempts: A limit is exceeded; the attempt does not count.
    """
    settings: AccountsSettings = request.app.state.settings
    passwords.network.set(attempts.network_of(request))
    by_network = attempts.network_key(request, settings)
    by_account = settings.attempt_key(account)
    by_both = settings.attempt_key(f"{account} from {by_network}")
    await attempts.count_all(
        {
            by_both: settings.rate_limit_login,
            by_network: settings.rate_limit_network,
            by_account: settings.rate_limit_account,
        }
    )
    yield
    await attempts.reset(by_both)
    await attempts.uncount(by_network, settings.rate_limit_network)
    await attempts.uncount(by_account, settings.rate_limit_account)
