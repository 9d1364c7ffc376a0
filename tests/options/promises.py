"""Checks of the promises of some answers, on the files of a service or on a running one."""

from tests.support.answers import answers
from tests.support.harness import Project
from tests.support.live import Live
from tests.variants import checks


def read(project: Project, *names: str) -> None:
    """Check what some answers promise about the files, and that nothing of other answers is there.

    Raises:
        AssertionError: A promise does not hold.
    """
    faults = [*checks.is_silent_about_what_is_off(project)]
    faults += checks.declares_what_it_imports(project)
    assert faults == []
    for check in dict.fromkeys(check for name in names for check in answers()[name].reads):
        check(project)


def use(live: Live, *names: str) -> None:
    """Check what some answers promise about the running service.

    Raises:
        AssertionError: A promise does not hold.
    """
    for check in dict.fromkeys(check for name in names for check in answers()[name].uses):
        check(live)
