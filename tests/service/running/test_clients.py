"""Clients that are generated from the OpenAPI document."""

from pathlib import Path

import httpx

from tests.service.running import clients
from tests.service.running.conftest import on_sqlite
from tests.support.harness import Service
from tests.support.people import new_name

pytestmark = on_sqlite


def test_a_typescript_client_compiles_and_works(
    running: Service, client: httpx.Client, tmp_path: Path
) -> None:
    """openapi-typescript's types are strict enough to use notes with, and true."""
    document = clients.write_document(client, tmp_path)
    name = new_name()

    program = clients.compile_typescript(document)

    assert clients.run_typescript(program, running, name).output == f"{name} is happy\n"


def test_a_python_client_can_be_imported(client: httpx.Client, tmp_path: Path) -> None:
    """openapi-python-client names its modules after our functions, and all can be imported."""
    document = clients.write_document(client, tmp_path)
    operations = client.get("/openapi.json").json()["paths"].values()
    names = {body["operationId"] for path in operations for body in path.values()}

    modules = clients.generate_python(document)

    assert {"client.models.problem", "client.models.field_error"} <= set(modules)
    assert names <= {module.rpartition(".")[2] for module in modules}
    assert len([module for module in modules if ".models." in module]) < 2 * len(names)
