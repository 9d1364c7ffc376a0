"""The file `.env` with the settings of this machine."""

import re
import secrets
from pathlib import Path

from app import ROOT

ENV = ROOT / ".env"
EXAMPLE = ROOT / ".env.example"
PLACEHOLDER = "written-by-just-setup"
NAMES = re.compile(r"^(\w+)=", re.MULTILINE)
PLACEHOLDERS = re.compile(rf"^(\w+)={PLACEHOLDER}$", re.MULTILINE)


def complete() -> list[str]:
    """Add the settings of `.env.example` that `.env` lacks, with fresh secrets; return their names.

    Existing settings stay unchanged; only the file's owner can read it (mode 600).
    """
    example, present = EXAMPLE.read_text(encoding="utf-8"), _read(ENV)
    if not (added := missing()):
        return []
    known = set(NAMES.findall(present))
    blocks = [
        "\n".join(line for line in block.splitlines() if line.partition("=")[0] not in known)
        for block in example.split("\n\n")
        if not present or set(NAMES.findall(block)) - known
    ]
    parts = [present.rstrip("\n"), *blocks] if present else blocks
    text = "\n\n".join(parts).rstrip("\n") + "\n"
    ENV.touch(mode=0o600)
    ENV.write_text(PLACEHOLDERS.sub(_with_secret, text), encoding="utf-8")
    return added


def missing() -> list[str]:
    """Return the settings that `complete` would add or fill with a secret, in their order."""
    present = _read(ENV)
    settled = set(NAMES.findall(present)) - set(PLACEHOLDERS.findall(present))
    return [name for name in NAMES.findall(_read(EXAMPLE)) if name not in settled]


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8-sig") if path.exists() else ""


def _with_secret(placeholder: re.Match[str]) -> str:
    return f"{placeholder[1]}={secrets.token_urlsafe(48)}"
