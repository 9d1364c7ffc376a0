"""The file `.env`, with the settings of this machine."""

import re
import secrets
from pathlib import Path

ENV = Path(".env")
EXAMPLE = Path(".env.example")
BLANK = "written-by-just-setup"
NAMES = re.compile(r"^(\w+)=", re.MULTILINE)
BLANKS = re.compile(rf"^(\w+)={BLANK}$", re.MULTILINE)


def complete() -> list[str]:
    """Add what `.env` lacks of `.env.example`, with fresh secrets, and return its names.

    What is there stays as it is; the file is readable by its owner alone.
    """
    example, present = EXAMPLE.read_text(encoding="utf-8"), _read(ENV)
    if not (added := lacking()):
        return []
    known = set(NAMES.findall(present))
    missing = [
        "\n".join(line for line in block.splitlines() if line.partition("=")[0] not in known)
        for block in example.split("\n\n")
        if not present or set(NAMES.findall(block)) - known
    ]
    parts = [present.rstrip("\n"), *missing] if present else missing
    text = "\n\n".join(parts).rstrip("\n") + "\n"
    ENV.touch(mode=0o600)
    ENV.write_text(BLANKS.sub(_with_secret, text), encoding="utf-8")
    return added


def lacking() -> list[str]:
    """Name the settings that `complete` would add, or give a secret, in their order."""
    present = _read(ENV)
    settled = set(NAMES.findall(present)) - set(BLANKS.findall(present))
    return [name for name in NAMES.findall(_read(EXAMPLE)) if name not in settled]


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8-sig") if path.exists() else ""


def _with_secret(blank: re.Match[str]) -> str:
    return f"{blank[1]}={secrets.token_urlsafe(48)}"
