"""The template of this service, as `.copier-answers.yml` records it."""

import re
from pathlib import Path

ANSWERS = Path(".copier-answers.yml")


def check() -> None:
    """Check that the template can be found, before an update.

    Raises:
        SystemExit: The recorded source is a folder that does not exist here.
    """
    text = ANSWERS.read_text(encoding="utf-8")
    recorded = re.search(r"^_src_path: *(.+)$", text, re.MULTILINE)
    source = recorded[1].strip("'\"") if recorded else ""
    is_url = ":" in source[2:]  # or a short form such as gh:owner/name, but not C:\templates
    if not is_url and not Path(source).expanduser().exists():
        raise SystemExit(
            f"The template is recorded as {source}, and there is no such folder here. Write its"
            f" full path or its URL after `_src_path:` in {ANSWERS}, commit, and try again."
        )


if __name__ == "__main__":
    check()
