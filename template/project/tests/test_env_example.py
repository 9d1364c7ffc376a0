"""The list of settings that owners read."""

import re
from pathlib import Path

from app.core.settings import Section


def test_the_example_lists_exactly_the_settings_that_are_read() -> None:
    listed = re.findall(r"^(\w+)=", Path(".env.example").read_text(encoding="utf-8"), re.MULTILINE)
    read = {name.upper() for section in Section.__subclasses__() for name in section.model_fields}

    assert sorted(listed) == sorted(read)
