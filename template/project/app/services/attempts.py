"""How often somebody may try to prove who they are, counted where all processes see it."""

import ipaddress
import math
import re
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from tortoise.exceptions import IntegrityError
from tortoise.expressions import F

from app.core.errors import AppError
from app.models.token import LoginFailure

SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
RATE = re.compile(rf"([1-9][0-9]{{0,6}})/({'|'.join(SECONDS)})")
IPV6_HOME = 64
"""The part of an IPv6 address, in bits, that a provider gives to one customer."""


@dataclass(frozen=True)
class Rate:
    """So many attempts in so many seconds."""

    count: int
    seconds: int

    def times(self, factor: int) -> "Rate":
        """Return a rate for that many people."""
        return Rate(self.count * factor, self.seconds)


class TooManyAttempts(AppError):
    """Somebody tried too often. The answer says when to come back (RFC 9110 §10.2.3)."""

    status = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(self, seconds: float) -> None:
        wait = max(1, math.ceil(seconds))
        super().__init__(f"Too many attempts; try again in {wait} s", {"Retry-After": str(wait)})


def rate(text: object) -> object:
    """Read a rate such as `10/minute`."""
    if not isinstance(text, str):
        return text
    if not (parts := RATE.fullmatch(text.strip())):
        message = "write a number and a time, such as 10/minute"
        raise ValueError(message)
    return Rate(int(parts[1]), SECONDS[parts[2]])


def network(address: str) -> str:
    """Return what one customer of a provider has: an IPv4 address, or a network of IPv6."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    prefix = IPV6_HOME if isinstance(ip, ipaddress.IPv6Address) else ip.max_prefixlen
    return str(ipaddress.ip_network((ip, prefix), strict=False))


async def take(rates: Mapping[str, Rate]) -> None:
    """Count an attempt for each of these keys, before it is made.

    So attempts at the same moment cannot slip through together. Those of the window before
    count as far as they are less than a window ago; those that are refused never count, so
    that nobody is locked out for good.

    Raises:
        TooManyAttempts: One of the keys has none left.
    """
    now = time.time()
    counts = await _counts(rates, now)
    for key, allowed in rates.items():
        _check(allowed, *counts[key], now)
    for key, allowed in rates.items():
        if not await _add(key, allowed, counts[key][0], now):
            raise TooManyAttempts(allowed.seconds - now % allowed.seconds)


async def give_back(key: str, allowed: Rate) -> None:
    """Take back an attempt that succeeded."""
    window = _window(allowed, time.time())
    row = LoginFailure.filter(key_hash=key, window=window, count__gt=0)
    await row.update(count=F("count") - 1)


async def forget(key: str) -> None:
    """Forget all attempts for a key."""
    await LoginFailure.filter(key_hash=key).delete()


async def purge() -> None:
    """Delete the counts of windows that are over for good."""
    await LoginFailure.filter(window__lt=int(time.time()) - 2 * max(SECONDS.values())).delete()


async def _counts(rates: Mapping[str, Rate], now: float) -> Mapping[str, tuple[int, int]]:
    """Return, for each key, the count of the window before and of this one."""
    found: dict[str, dict[int, int]] = defaultdict(dict)
    rows = LoginFailure.filter(key_hash__in=list(rates))
    for key, window, count in await rows.values_list("key_hash", "window", "count"):
        found[key][window] = count
    counts = {}
    for key, allowed in rates.items():
        window = _window(allowed, now)
        counts[key] = found[key].get(window - allowed.seconds, 0), found[key].get(window, 0)
    return counts


def _check(allowed: Rate, before: int, current: int, now: float) -> None:
    """Refuse if none is left, and say when one will be."""
    elapsed = now % allowed.seconds
    if current < _share(allowed, before, now):
        return
    if current < allowed.count:
        wait = allowed.seconds * (1 - (allowed.count - current - 1) / before) - elapsed
    else:
        wait = allowed.seconds * (2 - (allowed.count - 1) / current) - elapsed
    raise TooManyAttempts(wait)


def _share(allowed: Rate, before: int, now: float) -> int:
    """Return how many attempts this window has, after those of the one before still in reach."""
    in_reach = 1 - now % allowed.seconds / allowed.seconds
    return math.floor(allowed.count - before * in_reach)


async def _add(key: str, allowed: Rate, before: int, now: float) -> bool:
    """Count one more, in one statement, unless others did meanwhile and none is left."""
    window, share = _window(allowed, now), _share(allowed, before, now)
    row = LoginFailure.filter(key_hash=key, window=window, count__lt=share)
    if await row.update(count=F("count") + 1):
        return True
    try:
        await LoginFailure.create(key_hash=key, window=window, count=1)
    except IntegrityError:  # another process was first
        return bool(await row.update(count=F("count") + 1))
    return True


def _window(allowed: Rate, now: float) -> int:
    """Return when the current window began, in seconds since 1970."""
    return int(now) - int(now) % allowed.seconds
