"""A run of one case: change, undo, and change again."""

import asyncio
import time
import traceback
from collections.abc import Collection, Coroutine
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

from tests.service.schema.case import Case, Options, Words
from tests.service.schema.catalogue import Catalogue, differences, unescaped
from tests.service.schema.engines import Bench, Engine, Refused
from tests.service.schema.laboratory import Laboratory, Texts, apart
from tests.service.schema.models import BASE, edited
from tests.service.schema.outcome import End, Outcome, Verdict
from tests.service.schema.rows import fill, insert
from tests.service.schema.snapshot import (
    ANYTHING,
    Moves,
    Snapshot,
    object_changes,
    raw_changes,
    read_objects,
    read_raw,
    surviving,
)
from tests.support import databases

Result = TypeVar("Result")
NOT_A_SENTENCE = ("Traceback", "Error(", "Error:")


@dataclass
class Run:
    """A case, and the place where it is tried."""

    case: Case
    laboratory: Laboratory
    bench: Bench
    before: Texts
    after: Texts

    @property
    def engine(self) -> Engine:
        """The tool on trial."""
        return self.laboratory.engine

    @property
    def kind(self) -> str:
        """The kind of the database."""
        return self.laboratory.kind

    async def run(self) -> NoReturn:
        """Run the case.

        Raises:
            End: Always; it says how.
        """
        before = await self.laboratory.truth(self.before)
        after = await self.laboratory.truth(self.after)
        at_first = await self._begin(before)
        change = differences(before, after, names=self.engine.is_strict)
        if await self._make(at_first, change):
            done = await self._up(at_first, after)
            await self._again()
            done = await self._later(done)
            await self._undo(at_first, done, before)
            await self._redo(after)
        else:
            self._compare_up(at_first, await apart(self._look()), after)
        raise End(Verdict.RIGHT)

    def _differences(self, found: Catalogue, expected: Catalogue) -> list[str]:
        if not self.engine.is_strict:
            return differences(unescaped(found), unescaped(expected))
        return differences(found, expected) or differences(found, expected, names=True)

    async def _step(self, name: str, act: Coroutine[Any, Any, Result]) -> Result:
        """Await a step of the tool; any exception but a refusal ends the case."""
        try:
            return await act
        except (Refused, KeyboardInterrupt, asyncio.CancelledError):
            raise
        except BaseException as error:
            raise End(Verdict.LOUD, f"{name}: {type(error).__name__}: {error}") from error

    async def _look(self, *, without: Collection[str] = ()) -> Snapshot:
        """Read tables and rows, the rows also as the models see them."""
        await self.engine.open(self.bench)
        snapshot = await read_raw(self.bench.databases["filled"])
        await read_objects(snapshot, without=without)
        return snapshot

    async def _begin(self, expected: Catalogue) -> Snapshot:
        """Let the tool make the tables before the change, and fill them."""
        await self.bench.databases["filled"].empty()
        self.bench.package.write(self.before)
        try:
            await apart(self._step("first", self.engine.first(self.bench)))
            return await apart(self._fill(expected))
        except Refused as refusal:
            raise End(Verdict.LOUD, f"first: refused: {refusal}") from refusal

    async def _fill(self, expected: Catalogue) -> Snapshot:
        await self._step("first", self.engine.upgrade(self.bench))
        found = await self.bench.databases["filled"].catalogue()
        if words := self._differences(found, expected):
            raise End(Verdict.WRONG, *[f"first: {text}" for text in words])
        await self.engine.open(self.bench)
        if not self.case.is_empty:
            await fill(self.case.cells, self.case.rows)
        return await self._look()

    async def _make(self, at_first: Snapshot, change: list[str]) -> bool:
        """Let the tool write the migration; return whether there was a change."""
        self.bench.package.write(self.after)
        files = sorted(self.bench.folder.iterdir())
        try:
            is_made = await apart(
                self._step("make", self.engine.make(self.bench, self.case.options))
            )
        except Refused as refusal:
            if sorted(self.bench.folder.iterdir()) != files:
                raise End(Verdict.LOUD, f"a file was written though: {refusal}") from refusal
            await self._refused(str(refusal), at_first)
        except End as end:
            await self._forgive(end, at_first)
        if change and not is_made:
            raise End(Verdict.WRONG, *[f"make: nothing is made of: {text}" for text in change])
        if is_made and not change and self.engine.is_strict:
            raise End(Verdict.WRONG, "make: a file was written though no table differs")
        if not is_made and self._must_refuse:
            raise End(Verdict.WRONG, "make: what the rows forbid was not refused")
        return is_made

    @property
    def _must_refuse(self) -> bool:
        return self.kind in self.case.refused and self.kind not in self.case.may_refuse

    async def _forgive(self, end: End, at_first: Snapshot) -> NoReturn:
        """Count a failure of a tool without messages as a refusal where rows forbid the change."""
        if not self.engine.is_strict and self.kind in self.case.refused:
            await self._unchanged(at_first, *end.words)
            raise End(Verdict.REFUSED, *end.words) from end
        raise end

    async def _unchanged(self, at_first: Snapshot, *words: str) -> None:
        """End the case as a loud failure if a failed step changed tables or rows."""
        now = await read_raw(self.bench.databases["filled"])
        changed = differences(now.catalogue, at_first.catalogue, names=True)
        if not now.same_rows(at_first):
            changed.append("rows have changed")
        if changed:
            raise End(Verdict.LOUD, *words, *[f"half-way: {text}" for text in changed])

    async def _refused(self, sentence: str, at_first: Snapshot) -> NoReturn:
        """Judge a refusal, and the file that is written anyway."""
        await self._unchanged(at_first, sentence)
        self._judge(sentence, self.case.refused.get(self.kind, ()))
        if self.kind not in self.case.refused and self.kind not in self.case.may_refuse:
            raise End(Verdict.REFUSED, f"make: refused: {sentence}")
        making = self.engine.make(self.bench, self.case.options, anyway=True)
        try:
            if not await apart(self._step("make anyway", making)):
                raise End(Verdict.WRONG, "make anyway: nothing is made")
        except Refused as again:
            raise End(Verdict.REFUSED, sentence, f"anyway: {again}") from again
        try:
            await apart(self._step("up anyway", self.engine.upgrade(self.bench)))
        except Refused as again:
            await self._unchanged(at_first, f"up anyway: {again}")
            self._judge(str(again), self.case.refused.get(self.kind, ()))
            raise End(Verdict.REFUSED, sentence, f"up anyway: {again}") from again
        raise End(Verdict.WRONG, f"up anyway: applied what make refuses: {sentence}")

    def _judge(self, sentence: str, words: Words) -> None:
        """End the case as a loud failure if a message lacks words, or is a driver's."""
        missing = [word for word in words if word.casefold() not in sentence.casefold()]
        drivers = databases.named(self.kind).drivers
        raw = [mark for mark in (*NOT_A_SENTENCE, *drivers) if mark in sentence]
        if missing or raw or not sentence.strip():
            fault = f"lacks {missing}" if missing else f"is no sentence: {raw}"
            raise End(Verdict.LOUD, f"the refusal {fault}: {sentence}")

    async def _up(self, at_first: Snapshot, expected: Catalogue) -> Snapshot:
        """Let the tool apply the migration, and compare tables and rows."""

        async def up() -> Snapshot:
            await self._step("up", self.engine.upgrade(self.bench))
            if self._must_refuse:
                raise End(Verdict.WRONG, "up: what the rows forbid was not refused")
            return await self._look()

        try:
            done = await apart(up())
        except Refused as refusal:
            await self._unchanged(at_first, f"up: {refusal}")
            raise End(Verdict.LOUD, f"up refuses what make did not: {refusal}") from refusal
        except End as end:
            await self._forgive(end, at_first) if end.verdict is Verdict.LOUD else None
            raise
        self._compare_up(at_first, done, expected)
        return done

    def _compare_up(self, at_first: Snapshot, done: Snapshot, expected: Catalogue) -> None:
        """End the case if tables or rows are not as expected after the change."""
        moves = surviving(at_first.catalogue, done.catalogue, self.case.options)
        tables = self._differences(done.catalogue, expected)
        values = list(raw_changes(at_first, done, moves, self.case.values))
        values += object_changes(
            at_first, done, moves, self.case.values, keys=self.case.primary_keys
        )
        if words := [*(f"up: {text}" for text in tables), *(f"rows: {text}" for text in values)]:
            raise End(Verdict.WRONG, *words)

    async def _again(self) -> None:
        """End the case if the tool finds further changes."""
        try:
            is_made = await apart(self._step("again", self.engine.make(self.bench, Options())))
        except Refused as refusal:
            raise End(Verdict.LOUD, f"again: refused: {refusal}") from refusal
        if is_made:
            raise End(Verdict.WRONG, "again: another file was written")

    async def _later(self, done: Snapshot) -> Snapshot:
        """Insert rows as the service would after the change."""
        if not self.case.later:
            return done
        try:
            return await apart(self._insert())
        except End:
            raise
        except Exception as error:
            raise End(Verdict.WRONG, f"later: a new row cannot be inserted: {error!r}") from error

    async def _insert(self) -> Snapshot:
        await self.engine.open(self.bench)
        for made in await insert(self.case.later):
            meta = made._meta  # noqa: SLF001 - Tortoise has no public list
            names = {column: name for name, column in meta.fields_db_projection.items()}
            for place, should in self.case.fresh.items():
                table, _, column = place.rpartition(".")
                if table == meta.db_table and should is not ANYTHING:
                    name = names[column]
                    (found,) = await type(made).filter(pk=made.pk).values(name)
                    if found[name] != should:
                        words = f"later: a new row has {found[name]!r} in {place}, not {should!r}"
                        raise End(Verdict.WRONG, words)
        return await self._look()

    async def _undo(self, at_first: Snapshot, done: Snapshot, expected: Catalogue) -> None:
        """Undo the change, and compare tables and rows with those before the change."""
        words = self.case.undo_refused.get(self.kind)
        may_refuse = words is not None or self.case.undo_may_refuse
        try:
            await apart(self._step("undo", self.engine.downgrade(self.bench)))
        except Refused as refusal:
            await self._unchanged(done, f"undo: {refusal}")
            self._judge(str(refusal), words or ())
            verdict = Verdict.RIGHT if may_refuse else Verdict.LOUD
            raise End(verdict, f"undo: refused: {refusal}") from refusal
        except End as end:
            if self.engine.is_strict or not may_refuse:
                raise
            await self._unchanged(done, *end.words)
            raise End(Verdict.RIGHT, *end.words) from end
        if words is not None:
            raise End(Verdict.WRONG, "undo: what the rows forbid was not refused")
        moves = surviving(at_first.catalogue, done.catalogue, self.case.options)
        here = Moves({name: name for name in moves.tables}, {at: at for at in moves.columns})
        self.bench.package.write(self.before)
        undone = await apart(self._look())
        values = {**dict.fromkeys(_lost(at_first, moves), ANYTHING), **self.case.undone}
        found = self._differences(undone.catalogue, expected)
        found += raw_changes(done, undone, moves.reversed(), self.case.undone)
        found += object_changes(at_first, undone, here, values, allows_more=True)
        if found:
            raise End(Verdict.WRONG, *[f"undo: {text}" for text in found])

    async def _redo(self, expected: Catalogue) -> None:
        """Apply the migration once more."""
        self.bench.package.write(self.after)
        try:
            await apart(self._step("redo", self.engine.upgrade(self.bench)))
        except Refused as refusal:
            raise End(Verdict.LOUD, f"redo: refused: {refusal}") from refusal
        found = await self.bench.databases["filled"].catalogue()
        if words := self._differences(found, expected):
            raise End(Verdict.WRONG, *[f"redo: {text}" for text in words])


def _lost(at_first: Snapshot, moves: Moves) -> list[str]:
    """Name the columns whose values the change dropped; the undo fills them with others."""
    return [
        f"{table}.{column}"
        for table, description in at_first.catalogue.items()
        for column in description.columns
        if table in moves.tables and (table, column) not in moves.columns
    ]


async def run_case(case: Case, laboratory: Laboratory) -> Outcome:
    """Try one case."""
    began = time.perf_counter()
    before = edited(BASE, case.before)
    run = Run(case, laboratory, laboratory.bench(), before, edited(before, case.edits))
    try:
        await run.run()
    except End as reached:
        end = reached
    except Exception as error:  # noqa: BLE001 - so that the others are tried all the same
        end = End(Verdict.BROKEN, *traceback.format_exception(error)[-3:])
    kind = laboratory.kind
    proof: list[str] = []
    if end.verdict is Verdict.WRONG and laboratory.engine.name == "aerich":
        run.bench.package.write(run.after)
        proof = await apart(laboratory.planner.check(run.bench))
    wanted = {Verdict.REFUSED} if kind in case.refused else {Verdict.RIGHT}
    wanted |= {Verdict.REFUSED, Verdict.RIGHT} if kind in case.may_refuse else set()
    seconds = round(time.perf_counter() - began, 3)
    tool, is_expected = laboratory.engine.name, end.verdict in wanted
    return Outcome(case.name, kind, tool, end.verdict, is_expected, end.words, seconds, proof)
