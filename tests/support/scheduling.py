"""Distribution of tests by pytest-xdist: those of one running service go to one process.

`--dist=loadgroup` would do the same by marks, but pytest 9.2 ignores what
pytest-xdist 3.8 writes into the ids of tests, so that every process would start
every service.
"""

import os
import re

import pytest
from xdist.remote import Producer  # type: ignore[import-untyped]  # no types
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # no types

from tests.support.databases import NAMES
from tests.variants.rows import RUNNING

SERVICES = sorted({*map(str, RUNNING), *NAMES}, key=len, reverse=True)
OWN_SERVERS = "test_servers"
OF_OWNERS = ("test_docs", "test_adopting", "test_kills", "test_branches", "test_scratch")
"""Modules of `tests/service/schema/` whose tests share a service for each database."""


class ByService(LoadScopeScheduling):  # type: ignore[misc]  # no types
    """Groups the tests of one service, or without one those of a module."""

    def _split_scope(self, nodeid: str) -> str:
        """Return the name of the group, which is the test itself where no service is shared."""
        path, _, test = nodeid.partition("::")
        module = path.rpartition("/")[2].removesuffix(".py")
        if "/running/" not in path and module not in OF_OWNERS:
            return nodeid
        parameters = re.search(r"\[(.*)\]", test)
        given = parameters.group(1) if parameters else ""
        service = next((name for name in SERVICES if name in given), None)
        if service and module not in {OWN_SERVERS, *OF_OWNERS}:
            return service
        return f"{module} {service or ''}"


def pytest_xdist_auto_num_workers() -> int:
    """Return two more than there are cores, since tests wait for servers; four at most."""
    return min((os.cpu_count() or 1) + 2, 4)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByService:
    """Return the scheduler for pytest-xdist."""
    return ByService(config, log)
