"""Rate limits of attempts at passwords."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Request

from app.accounts import attempts, passwords
from app.accounts.settings import AccountsSettings

log = logging.getLogger(__name__)

FORWARDING_HEADERS = ("x-forwarded-for", "forwarded")
MOST_WARNINGS = 5


def set_network(request: Request) -> str:
    """Make the network of a request that of the hashes it causes, and return it."""
    _warn_of_proxy(request)
    network = attempts.network_of(request)
    passwords.network.set(network)
    return network


@asynccontextmanager
async def counted(request: Request, account: str) -> AsyncIterator[None]:
    """Count an attempt at the password of an account; it has succeeded if the body does not raise.

    A right password stays counted if the request fails for another reason, as it cost a hash.

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


def _warn_of_proxy(request: Request) -> None:
    """Log a few addresses that send forwarding headers, though they are no trusted proxies.

    For a trusted proxy, the server has replaced the client's address by one of the header, which
    then names it.
    """
    state, headers = request.app.state, request.headers
    host = request.client.host if request.client else ""
    named = [each.strip() for each in headers.get("x-forwarded-for", "").split(",")]
    if host in named or not any(name in headers for name in FORWARDING_HEADERS):
        return
    if not hasattr(state, "untrusted_proxies"):
        state.untrusted_proxies = set()
    warned: set[str] = state.untrusted_proxies
    if host not in warned and len(warned) < MOST_WARNINGS:
        warned.add(host)
        log.warning(
            "Requests from %s have forwarding headers, and TRUSTED_PROXIES does not name it: all"
            " callers behind it count as one network. If it is your proxy, add it there, and let it"
            " send X-Forwarded-For",
            host,
        )
