"""Log lines."""

import logging
from contextlib import redirect_stdout
from io import BytesIO, StringIO, TextIOWrapper

import pytest
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
    assert line.endswith('app.people      Eve\\n{"level": "ERROR"}\\r\\x1b[2J came')


def test_text_that_the_output_cannot_hold_is_escaped() -> None:
    written = BytesIO()
    with redirect_stdout(TextIOWrapper(written, encoding="ascii", write_through=True)):
        log.configure("INFO", "text")
    people.info("Zoë 🦊 came")

    assert written.getvalue().endswith(b" Zo\\xeb \\U0001f98a came\n")


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("output", "no_color", "level"),
    [
        (Terminal(), "", "\x1b[33mWARNING\x1b[0m  app.people"),
        (Terminal(), "1", "WARNING  app.people"),
        (StringIO(), "", "WARNING  app.people"),
    ],
    ids=["terminal", "NO_COLOR", "file"],
)
def test_levels_have_colours_on_a_terminal_alone(
    monkeypatch: pytest.MonkeyPatch, output: StringIO, no_color: str, level: str
) -> None:
    monkeypatch.setenv("NO_COLOR", no_color)
    with redirect_stdout(output):
        log.configure("INFO", "text")
    people.warning("Eve came")

    assert f" {level}" in output.getvalue()


async def test_a_traceback_omits_the_frames_of_the_framework(
    app: FastAPI, client: AsyncClient
) -> None:
    def crash() -> None:
        raise ZeroDivisionError

    app.add_api_route("/crash", crash)
    with redirect_stdout(StringIO()) as output:
        log.configure("INFO", "text")
        await client.get("/crash")

    assert "    ZeroDivisionError\n" in output.getvalue()
    assert "test_log.py" in output.getvalue()
    assert "starlette" not in output.getvalue()


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
    assert [line["logger"] for line in lines] == ["app.people", "app.web.crashes", "app.access"]
    assert {line["request_id"] for line in lines} == {response.headers["x-request-id"]}
    assert "RuntimeError" in lines[1]["exc_info"]
