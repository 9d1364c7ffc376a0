"""The file `.env`, with the settings of this machine."""

import re
import secrets
from pathlib import Path

ENV = Path(".env")
EXAMPLE = Path(".env.example")
BLANK = "written-by-just-setup"
NAMES = re.compile(r"^(\w+)=", re.MULTILINE)


def complete() -> list[str]:
    """Add what `.env` lacks of `.env.example`, with fresh secrets, and return its names.

    What is there stays as it is; the file is readable by its owner alone.
    """
    example = EXAMPLE.read_text(encoding="utf-8")
    while BLANK in example:
        example = example.replace(BLANK, secrets.token_urlsafe(48), 1)
    ENV.touch(mode=0o600)
    present = ENV.read_text(encoding="utf-8")
    known = set(NAMES.findall(present))
    missing = [
        "\n".join(line for line in block.splitlines() if line.partition("=")[0] not in known)
        for block in example.split("\n\n")
        if not present or set(NAMES.findall(block)) - known
    ]
    parts = [present.rstrip("\n"), *missing] if present else missing
    ENV.write_text("\n\n".join(parts).rstrip("\n") + "\n", encoding="utf-8")
    return NAMES.findall("\n".join(missing))
