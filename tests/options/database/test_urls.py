"""URLs of databases: options of their clients work or are refused by name."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Render

PARSE = """
import json, sys
from app.database import urls
found = []
for url in json.loads(sys.argv[1]):
    try:
        found.append(["accepted", {name: str(it) for name, it in urls.credentials(url).items()}])
    except ValueError as error:
        found.append(["refused", str(error)])
print(json.dumps(found))
"""
HERE = Path(__file__).as_uri().removeprefix("file://")
POSTGRES, MYSQL = "postgres://ada:secret@db.example.org", "mysql://ada:secret@db.example.org"

ACCEPTED: dict[str, dict[str, dict[str, str]]] = {
    "postgres": {
        f"{POSTGRES}/app": {"host": "db.example.org", "port": "5432", "password": "secret"},
        "postgres://ada:p%40s%23s%2F%3F@h:6432/app": {"password": "p@s#s/?", "port": "6432"},
        f"{POSTGRES}/app?sslmode=require&channel_binding=prefer": {
            "dsn": "postgres://?sslmode=require"
        },
        f"{POSTGRES}/app?sslmode=verify-full&sslrootcert={HERE}&sslcert={HERE}&sslkey={HERE}": {},
        f"{POSTGRES}/app?application_name=a%40b&options=-c%20geqo%3Doff": {
            "dsn": "postgres://?application_name=a%40b&options=-c+geqo%3Doff"
        },
        f"{POSTGRES}/app?target_session_attrs=read-write&connect_timeout=3": {"timeout": "3"},
        f"{POSTGRES}/app?statement_cache_size=0": {"statement_cache_size": "0"},
        "postgres:///app?host=/run/postgresql": {"host": "/run/postgresql", "user": "postgres"},
    },
    "mysql": {
        f"{MYSQL}/app": {"host": "db.example.org", "port": "3306", "connect_timeout": "5"},
        f"{MYSQL}/app?ssl=true&connect_timeout=9": {"connect_timeout": "9"},
        "mysql://ada:p%40s%23s%2F%3F@h/app": {"password": "p@s#s/?"},
    },
    "sqlite": {"sqlite:///srv/db.sqlite3": {"file_path": "/srv/db.sqlite3"}},
}
REFUSED: dict[str, dict[str, str]] = {
    "postgres": {
        f"{POSTGRES}/app?sslmode=bogus": "its option sslmode must be one of disable, allow,",
        f"{POSTGRES}/app?sslmode=": "its option sslmode must be one of",
        f"{POSTGRES}/app?sslmode=verify-full": "its sslmode needs sslrootcert",
        f"{POSTGRES}/app?sslrootcert=/nowhere": "its option sslrootcert names a file that",
        f"{POSTGRES}/app?channel_binding=require": "its option channel_binding must be one of",
        f"{POSTGRES}/app?target_session_attrs=x": "its option target_session_attrs must be one of",
        f"{POSTGRES}/app?gssencmode=prefer": "it has no option gssencmode; there are appl",
        f"{POSTGRES}/app?connect_timeout=0": "its option connect_timeout must be a whole",
        f"{POSTGRES}/app?statement_cache_size=x": "its option statement_cache_size must be",
        POSTGRES: "write a URL such as postgres://user:password@127.0.0.1:5432/database",
    },
    "mysql": {
        f"{MYSQL}/app?ssl=maybe": "its option ssl must be true or false",
        f"{MYSQL}/app?ssl_ca=/nowhere": "its option ssl_ca names a file that cannot be read",
        f"{MYSQL}/app?ssl-mode=REQUIRED": "it has no option ssl-mode; there are connect_timeout,",
        f"{MYSQL}/app?connect_timeout=soon": "its option connect_timeout must be a whole",
        MYSQL: "write a URL such as mysql://user:password@127.0.0.1:3306/database",
    },
    "sqlite": {
        "sqlite://db.sqlite3?mode=ro": "it can have no options after `?`",
        "sqlite://": "write a URL such as sqlite://db.sqlite3",
    },
}
RAW = "#@/?"
"""Characters that a password may not contain as they are."""


@pytest.mark.parametrize("database", ACCEPTED)
def test_options_work_or_are_refused_by_name(database: str, render: Render) -> None:
    wanted, refused = ACCEPTED[database], dict(REFUSED[database])
    if database != "sqlite":
        for character in RAW:
            url = f"{database}://ada:5{character}secret@db.example.org/app"
            refused[url] = "percent-encode special characters of the user and the password"
    command = [sys.executable, "-c", PARSE, json.dumps([*wanted, *refused])]
    folder = render(database=database).path
    output = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout

    found = dict(zip([*wanted, *refused], json.loads(output), strict=True))

    for url, arguments in wanted.items():
        verdict, given = found[url]
        assert verdict == "accepted", (url, given)
        assert arguments.items() <= given.items(), url
    for url, sentence in refused.items():
        verdict, said = found[url]
        assert verdict == "refused", url
        assert said.startswith(sentence), (url, said)
        assert "secret" not in said, "it repeats the password"
