"""Rate limits of attempts at passwords."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Request

from app.accounts import attempts, passwords
from app.accounts.settings import AccountsSettings

log = logging.getLogger(__name__)

FORWARDING_HEADERS = ("x-forwarded-for", "forwarded")


def note_network(request: Request) -> str:
    """Return the network of a request, by which the queue of passwords takes turns."""
    _warn_of_proxy(request)
    network = attempts.network_of(request)
    passwords.network.set(network)
    return network


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
    note_network(request)
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


def _warn_of_proxy(request: Request) -> None:
    """Log once per process that a proxy seems to send requests whose client it may not name.

    A trusted proxy has replaced the address of the client by one of the header.
    """
    state, headers = request.app.state, request.headers
    host = request.client.host if request.client else ""
    is_forwarded = any(name in headers for name in FORWARDING_HEADERS)
    if not is_forwarded or host in headers.get("x-forwarded-for", ""):
        return
    if not getattr(state, "has_warned_of_proxy", False):
        state.has_warned_of_proxy = True
        log.warning(
            "All callers behind %s count as one network, as it is not in TRUSTED_PROXIES: "
            "if it is your proxy, add it there, and let it send X-Forwarded-For",
            host,
        )
