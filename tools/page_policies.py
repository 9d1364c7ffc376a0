"""Write the hashes of a page's script and style into its policy: `just page-policies`.

A policy that names them needs no code in the service, and lets nothing else run.
"""

import base64
import hashlib
import re

from tests.support.harness import ROOT

PAGES = sorted((ROOT / "template/project/app").rglob("*.html*"))
INLINE = re.compile(r"<(script|style)>(.*?)</\1>", re.DOTALL)


def with_hashes(page: str) -> str:
    """Return the page with the hashes of its script and style in its policy."""
    for kind, code in INLINE.findall(page):
        digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
        page = re.sub(rf"{kind}-src '[^']+'", f"{kind}-src 'sha256-{digest}'", page)
    return page


def main() -> None:
    """Rewrite the pages."""
    for path in PAGES:
        path.write_text(with_hashes(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
