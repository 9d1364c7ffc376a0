"""What `app.core.jwt` promises, whichever library is behind it."""

import time

import pytest

from app.core import jwt

KEY = b"0123456789abcdef0123456789abcdef"
KEYS = jwt.Keys([KEY])
EXPECTED = {"audience": "us", "issuer": "us", "kind": "access"}
NOW = int(time.time())
CLAIMS: dict[str, object] = {"iat": NOW, "nbf": NOW, "exp": NOW + 3600}
CLAIMS |= {"sub": "1", "aud": "us", "iss": "us", "jti": "1", "typ": "access"}


def test_what_was_signed_is_read_back() -> None:
    assert jwt.decode(jwt.encode(CLAIMS, KEYS), KEYS, **EXPECTED) == CLAIMS


@pytest.mark.parametrize("name", CLAIMS)
def test_every_claim_is_required(name: str) -> None:
    token = jwt.encode({other: CLAIMS[other] for other in CLAIMS if other != name}, KEYS)

    with pytest.raises(jwt.InvalidToken):
        jwt.decode(token, KEYS, **EXPECTED)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b.c",
        "\x00",
        "é.é.é",
        "\ud800",
        "e30.e30.e30",
        jwt.encode(CLAIMS, jwt.Keys([KEY[::-1]])),
    ],
)
def test_what_we_did_not_sign_is_called_invalid(token: str) -> None:
    with pytest.raises(jwt.InvalidToken):
        jwt.decode(token, KEYS, **EXPECTED)


def test_an_older_key_still_verifies_and_the_newest_signs() -> None:
    old, new = jwt.Keys([KEY[::-1]]), jwt.Keys([KEY, KEY[::-1]])

    assert jwt.decode(jwt.encode(CLAIMS, old), new, **EXPECTED) == CLAIMS
    with pytest.raises(jwt.InvalidToken):
        jwt.decode(jwt.encode(CLAIMS, new), old, **EXPECTED)
