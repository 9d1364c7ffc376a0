"""Estimates of how easily a password is guessed, also by somebody who knows about its owner."""

import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

from app import NAME, TITLE
from app.accounts.passwords import in_turn
from app.accounts.schemas import SHORTEST_PASSWORD

FEWEST_GUESSES = 10**8
EXAMINED_LENGTH = 72
# zxcvbn tries all combinations of the letters that these may stand for: their number grows
# exponentially.
AMBIGUOUS = frozenset("([{<1!|74@69$5+")
MOST_AMBIGUOUS = 4
EXAMINED_LENGTH_IF_AMBIGUOUS = 12

COMMON = "Many people use this password; choose another"
PERSONAL = "Do not build the password from your name, your address or the name of this service"
ADVICE = "choose several unrelated words instead"
REASONS = {
    "dictionary": "Common words and passwords are easy to guess",
    "spatial": "Rows of keys are easy to guess",
    "repeat": "Repeats are easy to guess",
    "sequence": "Sequences such as abcd or 1234 are easy to guess",
    "regex": "Years are easy to guess",
    "date": "Dates are easy to guess",
    "bruteforce": "A password of so few characters is easy to guess",
}
"""Reasons by the names of zxcvbn's patterns."""

# Not the pool of `passwords`: zxcvbn holds the interpreter's lock, and at the low priority of that
# pool a busy machine would make the event loop wait for it. One thread, because zxcvbn has the
# user's words in a global.
_thread = ThreadPoolExecutor(1, "password-strength")


async def weakness(password: str, about: Iterable[str]) -> str | None:
    """Return in a sentence why a password is easy to guess and what to do, or None.

    No character classes are required (NIST SP 800-63B-4 §3.1.1.2). A password must not be common,
    must be long enough without the publicly known words `about` its owner and the service, and
    must take 10⁸ guesses by the estimate of zxcvbn (Wheeler, USENIX Security 2016).
    """
    return await in_turn(_thread, _weakness, password, _words([*about, NAME, TITLE]))


def _words(about: Iterable[str]) -> tuple[str, ...]:
    """Return the texts and their parts, such as those of an e-mail address, the longest first."""
    texts = [text.casefold() for text in about]
    parts = [part for text in texts for part in re.split(r"[\W_]+", text) if len(part) > 3]  # noqa: PLR2004 - not com, org
    whole = [text for text in texts if len(text) > 2]  # noqa: PLR2004 - shorter ones occur anywhere
    return tuple(sorted({*whole, *parts}, key=lambda word: (-len(word), word)))


def _weakness(password: str, words: tuple[str, ...]) -> str | None:
    folded = password.casefold()
    if folded in _common():
        return COMMON
    for word in words:
        folded = folded.replace(word, "")
    if len(folded) < SHORTEST_PASSWORD:
        return PERSONAL
    start = password[:EXAMINED_LENGTH]
    for text in dict.fromkeys([start, start.lower()]):
        if reason := _reason(text, words):
            return reason
    return None


def _reason(text: str, words: tuple[str, ...]) -> str | None:
    from zxcvbn import zxcvbn  # noqa: PLC0415 - 15 MB, on first use

    if len(AMBIGUOUS.intersection(text)) > MOST_AMBIGUOUS:
        text = text[:EXAMINED_LENGTH_IF_AMBIGUOUS]
    estimate = zxcvbn(text, user_inputs=list(words))
    if estimate["guesses"] >= FEWEST_GUESSES:
        return None
    longest = max(estimate["sequence"], key=lambda match: len(match["token"]))
    if longest.get("dictionary_name") == "user_inputs":
        return PERSONAL
    return f"{REASONS[longest['pattern']]}; {ADVICE}"


@lru_cache
def _common() -> frozenset[str]:
    """Return the common passwords of zxcvbn's list (30,000) that have the minimum length."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415 - as above

    words = FREQUENCY_LISTS["passwords"]
    return frozenset(word for word in words if len(word) >= SHORTEST_PASSWORD)
