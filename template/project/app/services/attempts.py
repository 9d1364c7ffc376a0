"""How often somebody may try to prove who they are, counted where all processes see it."""

import ipaddress
import math
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus

from tortoise.exceptions import IntegrityError
from tortoise.expressions import F

from app.core.errors import AppError
from app.models.token import LoginFailure

SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
RATE = re.compile(rf"([1-9][0-9]{{0,6}})/({'|'.join(SECONDS)})")
IPV6_HOME = 64  # bits; the rest of an address is the customer's to choose


@dataclass(frozen=True)
class Rate:
    """So many attempts in so many seconds."""

    count: int
    seconds: int


class TooManyAttempts(AppError):
    """Somebody tried too often. The answer says when to come back (RFC 9110 §10.2.3)."""

    status = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(self, seconds: float) -> None:
        wait = max(1, math.ceil(seconds))
        super().__init__(f"Too many attempts; try again in {wait} s")
        self.headers = {"Retry-After": str(wait)}


def read_rate(text: str) -> Rate:
    """Read a rate such as `10/minute`."""
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
    ip = getattr(ip, "ipv4_mapped", None) or ip
    prefix = IPV6_HOME if isinstance(ip, ipaddress.IPv6Address) else ip.max_prefixlen
    return str(ipaddress.ip_network((ip, prefix), strict=False))


async def take(key: str, rate: Rate) -> None:
    """Count an attempt before it is made, so that none slips through beside others.

    Those of the window before count as far as they are less than a window ago; those that
    are refused do not count, so that nobody is locked out for good.

    Raises:
        TooManyAttempts: None is left.
    """
    now = time.time()
    elapsed = now % rate.seconds
    window = int(now - elapsed)
    counts = dict(await LoginFailure.filter(key_hash=key).values_list("window", "count"))
    before, current = counts.get(window - rate.seconds, 0), counts.get(window, 0)
    if (wait := _wait(rate, before, current, elapsed)) > 0:
        raise TooManyAttempts(wait)
    most = math.floor(rate.count - 1 - before * (1 - elapsed / rate.seconds))
    row = LoginFailure.filter(key_hash=key, window=window, count__lte=most)
    for _ in range(5):
        if await row.update(count=F("count") + 1):
            return
        with suppress(IntegrityError):  # others may be faster, or may forget the row
            await LoginFailure.create(key_hash=key, window=window, count=1)
            return
    raise TooManyAttempts(rate.seconds - elapsed)


async def give_back(key: str, rate: Rate) -> None:
    """Take back an attempt that succeeded."""
    window = int(time.time()) // rate.seconds * rate.seconds
    await LoginFailure.filter(key_hash=key, window=window, count__gt=0).update(count=F("count") - 1)


async def forget(key: str) -> None:
    """Forget all attempts for a key."""
    await LoginFailure.filter(key_hash=key).delete()


async def purge() -> None:
    """Delete the counts of windows that are over for good."""
    await LoginFailure.filter(window__lt=int(time.time()) - 2 * max(SECONDS.values())).delete()


def _wait(rate: Rate, before: int, current: int, elapsed: float) -> float:
    """Return the seconds until one more is allowed, in this window or the next."""
    if current >= rate.count:
        return rate.seconds * (2 - (rate.count - 1) / current) - elapsed
    if not before:
        return 0
    return rate.seconds * (1 - (rate.count - 1 - current) / before) - elapsed
