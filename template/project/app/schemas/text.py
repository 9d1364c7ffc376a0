"""Text that every database stores and every log prints."""

from typing import Annotated

from pydantic import AfterValidator, Strict, StringConstraints


def _storable(text: str) -> str:
    """Refuse NUL, which not every database stores, and halves of UTF-16 pairs, which none does."""
    if "\x00" in text or any("\ud800" <= char <= "\udfff" for char in text):
        message = "Leave out NUL characters and unpaired surrogates"
        raise ValueError(message)
    return text


def _one_line(text: str) -> str:
    if not text.isprintable():
        message = "Leave out line breaks and other control characters"
        raise ValueError(message)
    return text


Text = Annotated[str, Strict(), AfterValidator(_storable)]
"""Any text, of several lines too."""

Line = Annotated[
    str,
    Strict(),
    StringConstraints(strip_whitespace=True),
    AfterValidator(_storable),
    AfterValidator(_one_line),
]
"""One line, without space around it."""
