"""The template that this service was made from, as `.copier-answers.yml` records it."""

import re
from pathlib import Path

ANSWERS = Path(".copier-answers.yml")


def check() -> None:
    """Check that a later version of the template can be looked for.

    Raises:
        SystemExit: It was copied from a folder that is not there, or not seen from here.
    """
    text = ANSWERS.read_text(encoding="utf-8")
    recorded = re.search(r"^_src_path: *(.+)$", text, re.MULTILINE)
    source = recorded[1].strip("'\"") if recorded else ""
    is_url = ":" in source[2:]  # or a short form such as gh:owner/name, but not C:\templates
    if not is_url and not Path(source).expanduser().exists():
        raise SystemExit(
            f"The template is recorded as {source}, and there is no such folder here. Write its"
            f" full path or its URL behind `_src_path:` in {ANSWERS}, commit, and try again."
        )


if __name__ == "__main__":
    check()
