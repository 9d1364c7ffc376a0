"""The command line, for tests."""

import asyncio
from functools import partial

from click.testing import CliRunner, Result

from app.cli import cli


async def run(*words: str, typed: str = "") -> Result:
    """Run a command in a thread, where it has an event loop of its own."""
    command = partial(CliRunner().invoke, cli, words, input=typed)
    return await asyncio.get_running_loop().run_in_executor(None, command)
