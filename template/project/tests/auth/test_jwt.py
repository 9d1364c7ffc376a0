"""The contract of `app.core.jwt`, whichever library is behind it."""

import time

import pytest

from app.core import jwt

KEY = b"0123456789abcdef0123456789abcdef"
EXPECTED = {"audience": "us", "issuer": "us", "kind": "access"}
NOW = int(time.time())
CLAIMS: dict[str, object] = {"iat": NOW, "nbf": NOW, "exp": NOW + 3600}
CLAIMS |= {"sub": "1", "aud": "us", "iss": "us", "jti": "1", "typ": "access"}


def test_what_was_signed_is_read_back() -> None:
    assert jwt.decode(jwt.encode(CLAIMS, KEY), KEY, **EXPECTED) == CLAIMS


@pytest.mark.parametrize("name", CLAIMS)
def test_every_claim_is_required(name: str) -> None:
    token = jwt.encode({other: CLAIMS[other] for other in CLAIMS if other != name}, KEY)

    with pytest.raises(jwt.InvalidToken):
        jwt.decode(token, KEY, **EXPECTED)


@pytest.mark.parametrize(
    "token", ["", "a.b.c", "\x00", "é.é.é", "\ud800", "e30.e30.e30", jwt.encode(CLAIMS, KEY[::-1])]
)
def test_what_we_did_not_sign_is_called_invalid(token: str) -> None:
    with pytest.raises(jwt.InvalidToken):
        jwt.decode(token, KEY, **EXPECTED)
