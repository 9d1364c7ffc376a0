"""Log lines."""

import logging
from contextlib import redirect_stdout
from io import StringIO

from fastapi import FastAPI
from httpx import AsyncClient

from app.web import log
from tests.conftest import LogLines

HOSTILE = 'Eve\n{"level": "ERROR"}\r\x1b[2J'
people = logging.getLogger("app.people")


async def test_a_record_is_one_line_of_json_whatever_it_says(log_lines: LogLines) -> None:
    people.info("%s came", HOSTILE)
    logging.getLogger("tortoise.db_client").debug("a library's details stay out of it")

    (line,) = log_lines()
    assert line["message"] == f"{HOSTILE} came"
    assert (line["level"], line["logger"]) == ("INFO", "app.people")


def test_a_record_is_one_line_of_text_whatever_it_says() -> None:
    with redirect_stdout(StringIO()) as output:
        log.configure("INFO", "text")
    people.info("%s came", HOSTILE)

    (line,) = output.getvalue().splitlines()
    assert line.endswith('app.people: Eve\\n{"level": "ERROR"}\\r\\x1b[2J came')


async def test_an_access_is_logged_without_its_query(
    client: AsyncClient, log_lines: LogLines
) -> None:
    response = await client.get("/health/live", params={"token": "hunter2"})

    (line,) = log_lines()
    assert line["logger"] == "app.access"
    assert (line["method"], line["path"], line["status"]) == ("GET", "/health/live", 200)
    assert line["request_id"] == response.headers["x-request-id"]
    assert "hunter2" not in str(line)


async def test_all_lines_of_a_request_carry_its_id(
    app: FastAPI, client: AsyncClient, log_lines: LogLines
) -> None:
    def crash() -> None:
        people.info("in a thread")
        raise RuntimeError

    app.add_api_route("/crash", crash)

    response = await client.get("/crash")

    lines = log_lines()
    assert [line["logger"] for line in lines] == ["app.people", "app.web.errors", "app.access"]
    assert {line["request_id"] for line in lines} == {response.headers["x-request-id"]}
    assert "RuntimeError" in lines[1]["exc_info"]
