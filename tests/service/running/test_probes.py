"""Probes that come at once."""

from threading import Event, Thread

import pytest

from tests.service.running.conftest import SQLITE, Start
from tests.support.harness import Service

CONNECTIONS = 8
PROBES = 100


@pytest.mark.check("P01")
def test_probes_do_not_disturb_each_other(start: Start) -> None:
    """Beside eight connections that only probe, a balancer's hundred probes find it ready."""
    service = start(SQLITE)
    over = Event()
    threads = [Thread(target=_hammer, args=(service, over)) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    try:
        with service.client() as client:
            statuses = [client.get("/health/ready").status_code for _ in range(PROBES)]
    finally:
        over.set()
        for thread in threads:
            thread.join()

    assert statuses == [200] * PROBES


def _hammer(service: Service, over: Event) -> None:
    with service.client() as client:
        while not over.is_set():
            client.get("/health/ready")
