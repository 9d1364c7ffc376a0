"""The short name of the distribution and the database."""

from jose import jwt

from tests.options.conftest import Mutate
from tests.support import harness
from tests.support.answers import Answer
from tests.support.harness import Project
from tests.support.live import Live


def the_slug_is_the_short_name(project: Project) -> None:
    """Check that distribution and database are named after it."""
    slug = project.answers["project_slug"]
    assert project.pyproject["project"]["name"] == slug
    if project.answers["database"] != "sqlite":
        assert project.text(".env.example").count(f"/{slug.replace('-', '_')}\n") == 1
        assert f"`{slug.replace('-', '_')}`" in project.text("README.md")


def tokens_are_issued_under_the_slug(live: Live) -> None:
    """Check that the issuer of tokens is the slug, so that no other service accepts them."""
    if "jwt" in live.service.project.answers["auth"]:
        claims = jwt.get_unverified_claims(live.ada.access)
        assert claims["iss"] == live.service.project.answers["project_slug"]


ANSWER = Answer(
    name="project_slug",
    no_words="any text may be in any service",
    reads=(the_slug_is_the_short_name,),
    uses=(tokens_are_issued_under_the_slug,),
)


def test_each_mutation_breaks_a_promise(mutate: Mutate) -> None:
    on = {"database": "postgres", "project_slug": harness.new_slug("one")}
    mutate(ANSWER, on=on, off=on | {"project_slug": harness.new_slug("other")})
