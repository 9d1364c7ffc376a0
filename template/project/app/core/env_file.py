"""The file `.env`, made from `.env.example`."""

import secrets
from pathlib import Path

EXAMPLE = Path(".env.example")
ENV = Path(".env")
BLANK = "written-by-just-setup"


def write_env() -> bool:
    """Copy `.env.example` with fresh secrets to `.env`, readable by its owner alone.

    Returns:
        Whether it was written; a file that exists is left as it is.
    """
    lines = [
        line.replace(BLANK, secrets.token_urlsafe(48)) if line.endswith(f"={BLANK}") else line
        for line in EXAMPLE.read_text(encoding="utf-8").splitlines()
    ]
    try:
        ENV.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        return False
    ENV.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return True
