"""Text that every database stores and every log prints."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Strict, StringConstraints


def storable(text: str) -> str:
    """Refuse NUL, which not every database stores, and halves of UTF-16 pairs, which none does."""
    if "\x00" in text or any("\ud800" <= char <= "\udfff" for char in text):
        message = "Leave out NUL characters and unpaired surrogates"
        raise ValueError(message)
    return text


def _one_line(text: str) -> str:
    if any(unicodedata.category(char) in {"Cc", "Zl", "Zp"} for char in text):
        message = "Leave out line breaks and other control characters"
        raise ValueError(message)
    return text


Text = Annotated[str, Strict(), AfterValidator(storable)]
"""Any text, of several lines too."""

Line = Annotated[
    str,
    Strict(),
    StringConstraints(strip_whitespace=True),
    AfterValidator(storable),
    AfterValidator(_one_line),
]
"""One line, without space around it."""
