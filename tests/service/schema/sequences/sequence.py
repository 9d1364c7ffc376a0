"""A run of one seed: models and rows are drawn, changed several times, and the changes undone."""

import difflib
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random

from tests.service.schema.case import Options
from tests.service.schema.catalogue import differences
from tests.service.schema.engines import Bench, Planner, Refused
from tests.service.schema.laboratory import Laboratory, apart
from tests.service.schema.rows import forget_statements
from tests.service.schema.sequences.changes import change
from tests.service.schema.sequences.draft import Draft
from tests.service.schema.sequences.draws import a_schema
from tests.service.schema.sequences.expectation import Change, Expectation, moves
from tests.service.schema.sequences.filling import insert_rows
from tests.service.schema.sequences.schema import Model, Schema, source
from tests.service.schema.snapshot import (
    Snapshot,
    object_changes,
    raw_changes,
    read_objects,
    read_raw,
)
from tests.service.schema.trial_databases import TrialDatabase
from tests.support import databases

CHANGES = 8
ABOUT_ROWS = "Rows of the development database violate it"
ABOUT_TYPES = "cannot change from"


class Wrong(Exception):  # noqa: N818 - a finding
    """Tables, rows or a refusal differ from what is expected."""

    def __init__(self, step: str, faults: Collection[str]) -> None:
        super().__init__("\n".join(f"{step}: {fault}" for fault in faults))


@dataclass(frozen=True)
class Moment:
    """The models and the database between two changes."""

    schema: Schema
    snapshot: Snapshot


async def nothing(_: TrialDatabase) -> None:
    """Leave the database as the planner's file left it."""


@dataclass
class Sequence:
    """A run of one seed."""

    laboratory: Laboratory
    bench: Bench
    rng: Random
    tamper: Callable[[TrialDatabase], Awaitable[None]] = nothing
    """Changes the database after each change of the models, unknown to the planner."""
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    moments: list[Moment] = field(default_factory=list)
    lost: set[int] = field(default_factory=set)
    """The fields that were restored without their values: models may be unable to read them."""
    counts: Counter[str] = field(default_factory=Counter)
    story: list[str] = field(default_factory=list)
    """The steps so far, for the report of a failure."""

    @property
    def planner(self) -> Planner:
        """The planner on trial."""
        return self.laboratory.planner

    @property
    def database(self) -> TrialDatabase:
        """The database that is changed."""
        return self.bench.databases["filled"]

    @property
    def now(self) -> Moment:
        """The moment after the last change."""
        return self.moments[-1]

    async def run(self, changes: int) -> None:
        """Make the changes, undo them, and make them again without rows.

        Raises:
            Wrong: Tables, rows or a refusal differ from what is expected.
        """
        await self._begin()
        for _ in range(changes):
            await self._change()
        last = self.now
        self._write(last.schema)
        await self._judge_nothing_left()
        while len(self.moments) > 1:
            await self._undo()
        await self._apply("the first undo", self.planner.downgrade(self.bench))
        left = await self.database.catalogue()
        _judge("after the first undo", differences(left, {}))
        self._write(last.schema)
        await self._apply("all files again", self.planner.upgrade(self.bench))
        again = await self.database.catalogue()
        _judge("all files again", differences(again, last.snapshot.catalogue, names=True))

    async def _begin(self) -> None:
        await self.database.empty()
        draft = self._draft({})
        a_schema(draft)
        self.story.append(source(draft.schema))
        self._write(draft.schema)
        await self._make(Options())
        await self._apply("the first file", self.planner.upgrade(self.bench))
        await self._reach(draft.schema)
        await self._judge_tables("at first")
        await self._insert([*draft.schema.values()] * 4)

    def _draft(self, schema: Schema) -> Draft:
        return Draft(self.rng, self.laboratory.kind, self.numbers, schema, dict(schema))

    async def _change(self) -> None:
        """Change the models, let the planner follow, and judge what it did."""
        before = self.now
        draft = change(self._draft(before.schema))
        options = Options(draft.columns, draft.tables, draft.fills)
        old, new = source(before.schema).splitlines(), source(draft.schema).splitlines()
        self.story += ["; ".join(draft.words), *difflib.unified_diff(old, new, n=0, lineterm="")]
        self.story.append(f"  {options}")
        expected = self._expected(before, draft.schema, options)
        self._write(draft.schema)
        try:
            is_made = await self._make(options)
        except Refused as refusal:
            await self._refused(str(refusal), expected, options)
            return
        if is_made:
            await self._up(expected)
        self.counts["made" if is_made else "nothing to make"] += 1
        await self.tamper(self.database)
        await self._reach(draft.schema)
        self._judge_rows("after the change", before, expected)
        await self._judge_tables("after the change")
        now = self.now.snapshot.catalogue
        is_same = not differences(now, before.snapshot.catalogue, names=True)
        if is_made and is_same:
            _judge("make", ["a file was written though no table differs"])
        if not is_made:
            del self.moments[-2]
        if databases.named(self.laboratory.kind).server is None:  # they make databases slowly
            await self._judge_nothing_left()
        await self._insert([self.rng.choice([*draft.schema.values()])])

    async def _up(self, expected: Expectation) -> None:
        faults = [f"make did not refuse: {words}" for words in expected.must_refuse]
        try:
            await self._apply("up", self.planner.upgrade(self.bench), faults)
        except Refused as refusal:
            _judge("up", [f"refused what make did not: {refusal}", *faults])
        _judge("up", faults)

    async def _refused(self, sentence: str, expected: Expectation, options: Options) -> None:
        """Judge a refusal, and the file that is written anyway."""
        self.story.append(f"  refused: {sentence}")
        is_rightful = expected.must_refuse or expected.may_refuse
        if not is_rightful or not (ABOUT_ROWS in sentence or ABOUT_TYPES in sentence):
            _judge("refused without need", [sentence])
        await self._judge_unchanged("after a refusal")
        self.counts["refused"] += 1
        if ABOUT_ROWS in sentence:
            files = {*self.bench.folder.iterdir()}
            await self._make(options, anyway=True)
            try:
                await self._apply("up anyway", self.planner.upgrade(self.bench))
            except Refused as again:
                self.story.append(f"  refused by the file: {again}")
            else:
                _judge("up anyway", [f"applied what make refused: {sentence}"])
            await self._judge_unchanged("after a refusal by the file")
            for file in {*self.bench.folder.iterdir()} - files:
                file.unlink()

    async def _undo(self) -> None:
        """Undo the last change; where rows rightly forbid that, delete them first."""
        target = self.moments[-2]
        self.story.append(f"undo, to moment {len(self.moments) - 1}")
        expected = self._expected(self.now, target.schema, Options(), is_undo=True)
        faults = [f"not refused: {words}" for words in expected.must_refuse]
        try:
            await self._apply("undo", self.planner.downgrade(self.bench), faults)
        except Refused as refusal:
            self.story.append(f"  refused: {refusal}")
            if not (expected.must_refuse or expected.may_refuse):
                _judge("undo", [f"refused without need: {refusal}"])
            await self._judge_unchanged("after a refused undo")
            self.counts["undo refused"] += 1
            await self._delete_rows()
            expected = self._expected(self.now, target.schema, Options(), is_undo=True)
            await self._apply("undo without rows", self.planner.downgrade(self.bench))
        else:
            _judge("undo", faults)
        self.counts["undone"] += 1
        self.lost |= expected.lost
        self._write(target.schema)
        last = self.now
        await self._reach(target.schema)
        self._judge_rows("after the undo", last, expected)
        found, should = self.now.snapshot.catalogue, target.snapshot.catalogue
        _judge("after the undo", differences(found, should, names=True))
        del self.moments[-3:-1]

    async def _delete_rows(self) -> None:
        schema = self.now.schema
        tables = [model.table for model in schema.values()]
        tables += [link.through for model in schema.values() for link in model.links]
        await self.database.delete_rows(tables)
        del self.moments[-1]
        await self._reach(schema)

    def _expected(
        self, before: Moment, after: Schema, options: Options, *, is_undo: bool = False
    ) -> Expectation:
        rows, kind = before.snapshot.objects, self.laboratory.kind
        change_ = Change(before.schema, after, rows, kind, options.fills, is_undo)
        return change_.expectation()

    def _write(self, schema: Schema) -> None:
        self.bench.package.write({"tables": source(schema)})

    async def _make(self, options: Options, *, anyway: bool = False) -> bool:
        """Let the planner write a file; return whether there was a change."""
        making = self.planner.write(self.bench, self.bench.config(), options, anyway=anyway)
        path = await apart(making)
        self.story += _comments(path) if path else []
        return path is not None

    async def _apply(self, step: str, act: Awaitable[None], faults: Collection[str] = ()) -> None:
        """Let aerich apply or undo a file; only a refusal may stop it."""
        try:
            await apart(act)
        except Refused:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a driver raises is the finding
            _judge(step, [repr(error), *faults])

    async def _reach(self, schema: Schema) -> None:
        """Read tables and rows by models that are written already."""
        self.moments.append(Moment(schema, await apart(self._look(schema))))

    async def _look(self, schema: Schema) -> Snapshot:
        await self.planner.open(self.bench)
        forget_statements()
        snapshot = await read_raw(self.database)
        unreadable = [
            f"{model.table}.{each.column}"
            for model in schema.values()
            for each in model.columns
            if each.identity in self.lost
        ]
        await read_objects(snapshot, without=unreadable)
        return snapshot

    async def _judge_tables(self, step: str) -> None:
        truth = await self.laboratory.truth({"tables": source(self.now.schema)})
        _judge(step, differences(self.now.snapshot.catalogue, truth, names=True))

    def _judge_rows(self, step: str, before: Moment, expected: Expectation) -> None:
        kept = moves(before.schema, self.now.schema)
        old, new = before.snapshot, self.now.snapshot
        _judge(step, raw_changes(old, new, kept, expected.values))
        _judge(step, object_changes(old, new, kept, expected.values))
        fresh = new.raw.keys() - kept.tables.values()
        _judge(step, [f"{table} has rows" for table in fresh if new.raw[table]])

    async def _judge_nothing_left(self) -> None:
        _judge("left to make", await apart(self.planner.check(self.bench)))

    async def _judge_unchanged(self, step: str) -> None:
        found, should = await read_raw(self.database), self.now.snapshot
        _judge(step, differences(found.catalogue, should.catalogue, names=True))
        if not found.same_rows(should):
            _judge(step, ["rows have changed"])

    async def _insert(self, chosen: Iterable[Model]) -> None:
        """Insert rows as the service would, and look at the database again."""
        schema = self.now.schema

        async def insert() -> None:
            await self.planner.open(self.bench)
            self.story += await insert_rows(self.rng, schema, chosen)

        await apart(insert())
        del self.moments[-1]
        await self._reach(schema)


def _comments(path: Path) -> list[str]:
    """Return the comments of a file, which describe its changes."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [f"  {line}" for line in lines if line.startswith("# ")]


def _judge(step: str, faults: Iterable[str]) -> None:
    """Raise the faults, if there are any.

    Raises:
        Wrong: There are faults.
    """
    if found := [*faults]:
        raise Wrong(step, found)
