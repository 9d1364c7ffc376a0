"""Rate limits of attempts at passwords."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Request

from app.accounts import attempts, passwords
from app.accounts.settings import AccountsSettings


def set_network(request: Request) -> str:
    """Make the network of a request that of the hashes it causes, and return it."""
    network = attempts.network_of(request)
    passwords.network.set(network)
    return network


@asynccontextmanager
async def counted(request: Request, account: str) -> AsyncIterator[None]:
    """Count an attempt at the password of an account; it has succeeded if the body does not raise.

    A right password stays counted if the body raises for another reason, as it cost a hash.

    It is counted beforehand, so above a limit even the right password is refused. There are three:
    for this account from this network, for all accounts from this network, and for this account
    from all networks. The first is the lowest, so guesses from one network do not lock the owner
    out elsewhere.

    Args:
        request: The request that contains the password.
        account: What identifies the account; a keyed hash of it is stored.

    Raises:
        TooManyAttempts: A limit is exceeded; the attempt does not count.
    """
    settings: AccountsSettings = request.app.state.settings
    set_network(request)
    by_network = attempts.network_key(request, settings)
    by_account = settings.attempt_key(account)
    by_both = settings.attempt_key(f"{account} from {by_network}")
    limits = {
        by_both: settings.rate_limit_login,
        by_network: settings.rate_limit_network,
        by_account: settings.rate_limit_account,
    }
    await attempts.count_all(limits)
    yield
    await attempts.reset(by_both)
    for key in (by_network, by_account):
        await attempts.uncount(key, limits[key])
