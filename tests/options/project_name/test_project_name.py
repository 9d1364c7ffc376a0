"""The name that people read."""

import ast
import html
import re

from tests.options.conftest import Mutate
from tests.support.answers import Answer
from tests.support.harness import Project
from tests.support.live import Live


def the_name_is_in_the_title(project: Project) -> None:
    """Check that pages show the name."""
    name = project.answers["project_name"]
    assert f"# {name}" in project.text("README.md").splitlines()
    assert project.pyproject["project"]["description"] == name
    assert ast.get_docstring(ast.parse(project.text("app/__init__.py"))) == f"{name}."
    pages = [name for name in project.files if re.fullmatch(r"app/accounts/.+\.html", name)]
    for page in map(project.text, pages):
        assert f" · {html.escape(name)}</title>" in page
        assert f"<h1>{html.escape(name)}</h1>" in page


def the_documentation_has_the_name(live: Live) -> None:
    """Check that the OpenAPI document shows the name."""
    title = live.call("GET", "/openapi.json").json()["info"]["title"]
    assert title == live.call("GET", "/").json()["name"]
    assert title == live.service.project.answers["project_name"]


ANSWER = Answer(
    name="project_name",
    no_words="any text may be in any service",
    reads=(the_name_is_in_the_title,),
    uses=(the_documentation_has_the_name,),
)


def test_each_mutation_breaks_a_promise(mutate: Mutate) -> None:
    on = {"database": "postgres", "project_name": "Order Book"}
    mutate(ANSWER, on=on, off=on | {"project_name": "Other"})
