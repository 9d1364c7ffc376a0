"""Rate limits of attempts: sliding windows, counted in the database for all processes."""

import ipaddress
import logging
import math
import time
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus

from fastapi import Request
from tortoise.exceptions import IntegrityError
from tortoise.expressions import F

from app.accounts.models import LoginFailure
from app.accounts.settings import SECONDS_PER_UNIT, AccountsSettings, Rate
from app.web.errors import AppError

log = logging.getLogger(__name__)

FORWARDING_HEADERS = ("x-forwarded-for", "forwarded")
MOST_WARNINGS = 5
IPV6_PREFIX = 64  # bits; a customer chooses the rest of the address freely
TRIES = 5


class TooManyAttempts(AppError):
    """The rate limit is exceeded. `Retry-After` says when to try again (RFC 9110 §10.2.3)."""

    status = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(self, seconds: float) -> None:
        wait = max(1, math.ceil(seconds))
        super().__init__(f"Too many attempts; try again in {wait} s")
        self.headers = {"Retry-After": str(wait)}


def network_of(request: Request) -> str:
    """Return the client's IPv4 address, or its IPv6 /64, which a provider gives one customer."""
    _warn_of_proxy(request)
    address = request.client.host if request.client else ""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    ip = getattr(ip, "ipv4_mapped", None) or ip
    prefix = IPV6_PREFIX if isinstance(ip, ipaddress.IPv6Address) else ip.max_prefixlen
    return str(ipaddress.ip_network((ip, prefix), strict=False))


def network_key(request: Request, settings: AccountsSettings, what: str = "address") -> str:
    """Return the key that counts the attempts at something from the network of a request."""
    return settings.attempt_key(f"{what} {network_of(request)}")


async def count(key: str, rate: Rate) -> None:
    """Count an attempt.

    Raises:
        TooManyAttempts: The rate limit is exceeded.
    """
    await count_all({key: rate})


async def count_all(limits: Mapping[str, Rate]) -> None:
    """Count an attempt under all of these keys, or under none if one limit is exceeded.

    It is called before the attempt. Windows slide: the count of the previous one is weighted by the
    share of it that lies within the last `seconds`. Refused attempts do not count, so nobody is
    locked out for ever.

    Raises:
        TooManyAttempts: A rate limit is exceeded, also by parallel attempts.
    """
    now = time.time()
    columns = ("key_hash", "window", "count")
    stored = await LoginFailure.filter(key_hash__in=list(limits)).values_list(*columns)
    counts = {(key, window): number for key, window, number in stored}
    windows = [_Window(key, rate, now, counts) for key, rate in limits.items()]
    if waits := [each.wait for each in windows if each.current >= each.allowed]:
        raise TooManyAttempts(max(waits))
    for place, each in enumerate(windows):  # one by one: statements for several rows may deadlock
        if not await each.increment():
            for earlier in windows[:place]:
                await uncount(earlier.key, earlier.rate)
            raise TooManyAttempts(each.rate.seconds - each.elapsed)


async def uncount(key: str, rate: Rate) -> None:
    """Take back an attempt that succeeded, or was refused for another reason.

    If a new window has begun meanwhile, its count is lowered instead.
    """
    window = int(time.time()) // rate.seconds * rate.seconds
    await LoginFailure.filter(key_hash=key, window=window, count__gt=0).update(count=F("count") - 1)


async def reset(key: str) -> None:
    """Delete the counts of a key."""
    await LoginFailure.filter(key_hash=key).delete()


async def purge() -> None:
    """Delete the counts of windows that no rate limit reads any more."""
    oldest = int(time.time()) - 2 * max(SECONDS_PER_UNIT.values())
    await LoginFailure.filter(window__lt=oldest).delete()


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


class _Window:
    """The window of a rate limit at one moment, with the counts that were read from the table."""

    def __init__(
        self, key: str, rate: Rate, now: float, counts: Mapping[tuple[str, int], int]
    ) -> None:
        self.key, self.rate = key, rate
        self.elapsed = now % rate.seconds
        self.start = int(now - self.elapsed)
        self.is_stored = (key, self.start) in counts
        self.current = counts.get((key, self.start), 0)
        self.previous = counts.get((key, self.start - rate.seconds), 0)
        overlap = 1 - self.elapsed / rate.seconds  # the share of the previous that still counts
        self.allowed = math.floor(rate.limit - self.previous * overlap)  # in this one

    async def increment(self) -> bool:
        """Count an attempt, unless parallel ones have used the limit up."""
        row = LoginFailure.filter(key_hash=self.key, window=self.start, count__lt=self.allowed)
        for number in range(TRIES):
            may_be_stored = self.is_stored or number
            if may_be_stored and await row.update(count=F("count") + 1):
                return True
            with suppress(IntegrityError):  # another process created the row, or even deleted it
                await LoginFailure.create(key_hash=self.key, window=self.start, count=1)
                return True
        return False

    @property
    def wait(self) -> float:
        """Seconds until one more attempt is allowed.

        Attempts of a window weigh `count * (1 - second / rate.seconds)` in the next one.
        """
        most, seconds = self.rate.limit - 1, self.rate.seconds
        if self.current <= most:  # in this window, once enough of the previous one has expired
            return seconds * (1 - (most - self.current) / self.previous) - self.elapsed
        # in the next window, once enough of this one has expired
        return seconds * (2 - most / self.current) - self.elapsed
