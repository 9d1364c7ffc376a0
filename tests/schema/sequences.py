"""Random changes of random models, one after the other, and all the way back.

`python -m tests.schema.sequences --database sqlite --service DIR --seeds 3` draws models and
rows, and changes the models eight times. Each time `make-migration` writes a file, aerich applies
it to the filled database, and catalogue and rows are compared with what they should be; what rows
forbid must be refused before anything has changed. Then everything is undone, and compared again.
"""

import argparse
import asyncio
import contextlib
import difflib
import json
import sys
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

from tests.schema.case import DATABASES
from tests.schema.catalogue import Catalogue, differences
from tests.schema.changing import FILLS, change
from tests.schema.conversions import (
    ANYTHING,
    WHATEVER,
    Like,
    Lossy,
    Unsure,
    converted,
    matches,
    plain,
)
from tests.schema.drawing import Draft, a_schema, is_usual, unique_fields, value
from tests.schema.drawn import KEYS, Field, Model, Schema, evaluate, shape, text, uniques
from tests.schema.snapshot import read_raw
from tests.schema.laboratory import apart
from tests.schema.workshop import Refused, Workshop, workshop

CHANGES = 8
Rows = dict[str, dict[Any, dict[int, Any]]]
"""By model and primary key the values of a row by the identity of their fields."""
Pairs = dict[int, Counter[tuple[str, str]]]
"""By the identity of a many-to-many relation what it links."""


class Wrong(Exception):  # noqa: N818 - a finding
    """Something is not as it should be."""


@dataclass
class Expectation:
    """What the rows are after a change, or why it must be refused."""

    rows: Rows = field(default_factory=dict)
    must: list[str] = field(default_factory=list)
    """Why it must be refused."""
    may: list[str] = field(default_factory=list)
    """Why it may be refused."""


def expected(
    before: Schema,
    after: Schema,
    rows: Rows,
    *,
    database: str,
    fills: Mapping[str, str],
    is_undo: bool = False,
) -> Expectation:
    """Work out what becomes of rows.

    Args:
        before: The models of now.
        after: The models to come.
        rows: What is there.
        database: Its kind.
        fills: What was told for rows that have no value.
        is_undo: Whether columns come back, with something neutral for rows.
    """
    found = Expectation()
    for name, model in after.items():
        found.rows[name] = {}
        if name not in before:
            continue
        unique = unique_fields(model)
        known = {each.identity: each for each in before[name].columns}
        found.may += [
            f"{model.table}.{each.column} becomes of a type that is not known to be possible"
            for each in model.columns
            if each.identity in known
            and not is_usual(shape(before, known[each.identity]), shape(after, each))
        ]
        for key, row in rows[name].items():
            new = {}
            for each in model.columns:
                at = f"{model.table}.{each.column}"
                try:
                    if each.identity not in known and at in fills and not each.is_null:
                        value = _filled(each, fills[at])
                    elif each.identity in known:
                        old = shape(before, known[each.identity])
                        value = converted(row[each.identity], old, shape(after, each), database)
                    else:
                        value = _initial(each, is_undo=is_undo)
                        if is_undo and not each.is_null and each.name in unique:
                            raise Unsure
                    if value is None and not each.is_null and f"{at}" in fills:
                        value = _filled(each, fills[at])
                except Lossy:
                    found.must.append(f"{at}: {row.get(each.identity)!r} has no equal")
                    value = WHATEVER
                except Unsure:
                    found.may.append(f"{at}: {row.get(each.identity)!r} may have no equal")
                    value = WHATEVER
                if value is None and not each.is_null:
                    found.must.append(f"{at}: a row has no value")
                new[each.identity] = value
            found.rows[name][key] = new
    _constraints(before, after, found, is_undo=is_undo)
    return found


def _initial(new: Field, *, is_undo: bool) -> Any:  # noqa: ANN401 - of any type
    """Return what rows get in a new column."""
    if new.db_default:
        try:
            return _stored(new, evaluate(new.db_default))
        except AttributeError:
            return ANYTHING
    if new.is_null:
        return None
    if is_undo:
        is_key = new.kind in KEYS and new.has_constraint
        return None if is_key or new.has_unique else WHATEVER
    if new.default:
        return _stored(new, evaluate(new.default))
    return None


def _stored(new: Field, value: Any) -> Any:  # noqa: ANN401 - as above
    """Return what the database makes of a default."""
    if type(value).__module__.startswith("tortoise"):
        return ANYTHING
    if new.kind == "decimal":
        return Like(f"{value}", lambda found: bool(found == value))
    return float(value) if new.kind == "float" else value


def _filled(new: Field, fill: str) -> Any:  # noqa: ANN401 - as above
    words = fill.strip("'").replace("''", "'")
    same = {"char": words, "text": words, "charenum": words, "intenum": 9, "float": 5.0}
    return same.get(new.kind, ANYTHING if new.kind not in {"smallint", "int", "bigint"} else 5)


def _constraints(before: Schema, after: Schema, found: Expectation, *, is_undo: bool) -> None:
    """Find the rows that a unique constraint or a key would forbid."""
    for model in after.values():
        for fields in uniques(model):
            values = [
                [row[each.identity] for each in fields] for row in found.rows[model.name].values()
            ]
            whole = [each for each in values if None not in each]
            names = ", ".join(each.column for each in fields)
            if any(isinstance(value, Like) for each in whole for value in each):
                if len(whole) > 1:
                    found.may.append(f"{model.table} ({names}) may not be unique")
                continue
            if any(times > 1 for times in Counter(map(repr, whole)).values()):
                found.must.append(f"{model.table} ({names}) is not unique")
        for each in model.fields:
            if each.kind in KEYS and each.has_constraint:
                there = found.rows[each.target]
                for row in found.rows[model.name].values():
                    value = row[each.identity]
                    if value is not None and not isinstance(value, Like) and value not in there:
                        found.must.append(
                            f"{model.table}.{each.column}: {value!r} refers to nothing"
                        )


@dataclass
class Moment:
    """The database between two changes."""

    schema: Schema
    catalogue: Catalogue


@dataclass
class Sequence:
    """One seed on its way."""

    shop: Workshop
    seed: int
    changes: int
    folder: Path
    rng: Random
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    schema: Schema = field(default_factory=dict)
    rows: Rows = field(default_factory=dict)
    pairs: Pairs = field(default_factory=dict)
    moments: list[Moment] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    story: list[str] = field(default_factory=list)
    """What has been done, for whoever reads of a failure."""

    async def run(self) -> None:
        """Go there and back.

        Raises:
            Wrong: Something is not as it should be.
        """
        await self._begin()
        for _ in range(self.changes):
            await self._step()
        await self._nothing_more()
        last = self.schema
        await self._back()
        await self._afresh(last)

    def _draft(self) -> Draft:
        return Draft(self.rng, self.shop.kind, self.numbers, dict(self.schema), self.schema)

    async def _begin(self) -> None:
        await self.shop.databases["filled"].empty()
        draft = self._draft()
        a_schema(draft)
        self.schema = draft.schema
        self.story.append(text(self.schema))
        self.shop.write(text(self.schema))
        await self._made("first")
        await self.shop.upgrade(self.folder)
        await self._compare(self.schema)
        await self._fill()
        await self._note()

    async def _made(self, name: str, **wishes: Any) -> bool:  # noqa: ANN401 - what the planner takes
        made = await self.shop.make(self.folder, name, **wishes)
        if made:
            self.story += [f"  {line}" for line in made[1]]
        return made is not None

    async def _note(self) -> None:
        catalogue = await self.shop.databases["filled"].catalogue()
        self.moments.append(Moment(self.schema, catalogue))

    async def _compare(self, schema: Schema) -> None:
        if words := await self.shop.unlike(text(schema)):
            raise Wrong(*words)

    async def _fill(self) -> None:
        """Insert rows into all tables, those first to which others refer."""
        self.rows = {name: {} for name in self.schema}
        left = dict(self.schema)
        while left:
            for name, model in list(left.items()):
                needs = {
                    each.target for each in model.fields if each.kind in KEYS and not each.is_null
                }
                if not needs & left.keys():
                    del left[name]
                    for _ in range(self.rng.randint(0, 4)):
                        await self._insert(model)
        for model in self.schema.values():
            await self._link(model)

    async def _insert(self, model: Model) -> None:
        """Insert a row as the service would; a default is left to itself now and then."""
        values: dict[str, Any] = {}
        expectation: dict[int, Any] = {}
        unique = unique_fields(model)
        for each in model.columns:
            if each == model.key and each.kind in {"smallint", "int", "bigint"}:
                continue
            is_free = each.db_default or (each.default and not each.is_null)
            if is_free and self.rng.random() < 0.4 and each.name not in unique:  # noqa: PLR2004 - now and then
                source = each.default or each.db_default
                expectation[each.identity] = _stored(each, evaluate(source))
                continue
            drawn = self._value(model, each)
            if drawn is None and not each.is_null:
                return  # nothing is left that would be unique, or to refer to
            values[each.attribute] = drawn
        new = {each.identity: values.get(each.attribute, object()) for each in model.columns}
        for fields in uniques(model):
            same = [new[each.identity] for each in fields]
            rows = self.rows[model.name].values()
            if any([row[each.identity] for each in fields] == same for row in rows):
                return
        async with self.shop.models() as models:
            made = await models[model.name].create(**values)
            (row,) = await self._read(models[model.name], model, pk=made.pk)
        self.story.append(f"  inserted into {model.table}: {row!r}")
        for each in model.columns:
            should = expectation.get(each.identity)
            if should is not None and not matches(should, row[each.identity]):
                words = f"a new row has {row[each.identity]!r} in {each.column}, not {should!r}"
                raise Wrong(f"{model.table}: {words}")
        self.rows[model.name][row[model.key.identity]] = row

    def _value(self, model: Model, of: Field) -> Any:  # noqa: ANN401 - of any type
        """Draw a value that no unique constraint forbids."""
        if of.is_null and self.rng.random() < 0.3:  # noqa: PLR2004 - now and then
            return None
        taken = [row[of.identity] for row in self.rows[model.name].values()]
        is_unique = of.has_unique or of == model.key
        for _ in range(5):
            if of.kind in KEYS:
                there = list(self.rows.get(of.target, {}))
                drawn = self.rng.choice(there) if there else None
            else:
                drawn = value(self.rng, of, self.schema, self.shop.kind)
            if not is_unique or drawn not in taken:
                return drawn
        return None

    async def _link(self, model: Model) -> None:
        for link in model.links:
            self.pairs[link.identity] = Counter()
            mine, theirs = list(self.rows[model.name]), list(self.rows[link.target])
            async with self.shop.models() as models:
                for _ in range(3 if mine and theirs else 0):
                    left, right = self.rng.choice(mine), self.rng.choice(theirs)
                    if (str(left), str(right)) not in self.pairs[link.identity]:
                        source = await models[model.name].get(pk=left)
                        target = await models[link.target].get(pk=right)
                        await getattr(source, link.name).add(target)
                        self.pairs[link.identity][str(left), str(right)] += 1

    async def _read(self, table: Any, model: Model, **which: Any) -> list[dict[int, Any]]:  # noqa: ANN401 - a class of Tortoise
        names = {each.attribute: each.identity for each in model.columns}
        try:
            found = await table.filter(**which).values(*names)
        except Exception as error:
            message = f"{model.table} cannot be read: {error!r}"
            raise Wrong(message) from error
        return [{names[name]: plain(value) for name, value in row.items()} for row in found]

    async def _look(self, schema: Schema, rows: Rows, *, skipped: Mapping[str, set[int]]) -> Rows:
        """Compare the rows with those that should be there, and return them.

        Args:
            schema: The models to read them with.
            rows: What should be there.
            skipped: The fields of models that may hold what they cannot read.
        """
        read: Rows = {}
        async with self.shop.models() as models:
            for name, model in schema.items():
                kept = [
                    each for each in model.columns if each.identity not in skipped.get(name, ())
                ]
                seen = Model(name, model.table, kept[0], tuple(kept[1:]))
                found = await self._read(models[name], seen)
                read[name] = {row[model.key.identity]: row for row in found}
                if missing := rows[name].keys() - read[name].keys():
                    raise Wrong(f"{model.table} has lost the rows {missing}")
                if more := read[name].keys() - rows[name].keys():
                    raise Wrong(f"{model.table} has rows from nowhere: {more}")
                for key, row in read[name].items():
                    for each in kept:
                        should, value = rows[name][key][each.identity], row[each.identity]
                        if not matches(should, value):
                            words = f"{model.table}.{each.column} of row {key!r} is {value!r}"
                            should = should.words if isinstance(should, Like) else repr(should)
                            raise Wrong(f"{words}, not {should}")
                        if value is None and not each.is_null:  # the null of JSON
                            row[each.identity] = WHATEVER
                    for identity in skipped.get(name, ()):
                        row[identity] = WHATEVER
                for link in model.links:
                    await self._look_at_pairs(models, name, link)
        return read

    async def _look_at_pairs(self, models: Mapping[str, Any], name: str, link: Any) -> None:  # noqa: ANN401 - as above
        described = models[name]._meta.fields_map[link.name]  # noqa: SLF001 - Tortoise has no other way
        quote = "`" if self.shop.kind == "mysql" else '"'
        columns = [
            f"{quote}{key}{quote}" for key in (described.backward_key, described.forward_key)
        ]
        query = f"SELECT {', '.join(columns)} FROM {quote}{link.through}{quote}"  # noqa: S608 - our own names
        found = await models["connection"].execute_query_dict(query)
        pairs = Counter((str(left), str(right)) for left, right in (row.values() for row in found))
        should = self.pairs.setdefault(link.identity, Counter())
        if pairs != should:
            raise Wrong(f"{link.through} links {dict(pairs)}, not {dict(should)}")

    async def _step(self) -> None:
        """Change the models, and let the planner follow."""
        draft = self._draft()
        change(draft)
        before, after = self.schema, draft.schema
        self.story.append("; ".join(draft.words))
        self.story += list(
            difflib.unified_diff(
                text(before).splitlines(),
                text(after).splitlines(),
                "before",
                "after",
                "",
                "",
                0,
                "",
            )
        )
        wishes = {"columns": draft.columns, "tables": draft.tables, "fills": draft.fills}
        self.story += [f"  told {name}: {told}" for name, told in wishes.items() if told]
        should = expected(before, after, self.rows, database=self.shop.kind, fills=draft.fills)
        source = text(after)
        self.shop.write(source)
        is_changed = differences(
            self.moments[-1].catalogue, await self.shop.truth(source), names=True
        )
        try:
            is_made = await self._made("change", **wishes)
        except Refused as refusal:
            await self._refused(str(refusal), should, wishes)
            return
        if not is_made:
            if is_changed and not (
                self.shop.kind == "mysql"
                and not differences(self.moments[-1].catalogue, await self.shop.truth(source))
            ):
                raise Wrong(*[f"nothing is made of: {words}" for words in is_changed])
            self.counts["nothing to make"] += 1
        elif should.must:
            raise Wrong(*[f"not refused: {words}" for words in should.must], await self._outcome())
        else:
            await self._apply()
            self.counts["applied"] += 1
        await self._compare(after)
        self.schema = after
        gone = {link.identity for model in before.values() for link in model.links}
        gone -= {link.identity for model in after.values() for link in model.links}
        kept = {name: pairs for name, pairs in self.pairs.items() if name not in gone}
        self.pairs = kept
        self.rows = await self._look(after, should.rows, skipped={})
        if is_made:
            await self._note()
            await self._insert(self.rng.choice(list(after.values())))

    async def _outcome(self) -> str:
        """Say how a file ends that should never have been written."""
        try:
            await self.shop.upgrade(self.folder)
        except Refused as refusal:
            return f"but then: {refusal}"
        except Exception as error:  # noqa: BLE001 - whatever the driver raises is what people see
            return f"and then it fails: {error!r}"
        return "and it was applied"

    async def _apply(self) -> None:
        try:
            await self.shop.upgrade(self.folder)
        except Refused as refusal:
            raise Wrong(f"the file that was made is refused: {refusal}") from refusal
        except Exception as error:
            raise Wrong(f"the file that was made fails: {error!r}") from error

    async def _nothing_more(self) -> None:
        self.shop.write(text(self.schema))
        made = await self.shop.make(self.folder, "again", development=False)
        if made:
            raise Wrong(*[f"made once more: {words}" for words in made[1]])

    async def _refused(self, sentence: str, should: Expectation, wishes: Mapping[str, Any]) -> None:
        """Judge a refusal, and try what happens with the file that is written all the same."""
        self.story.append(f"  refused: {sentence}")
        is_of_rows = "Rows of the development database forbid it" in sentence
        is_of_type = "cannot change from" in sentence
        if not (should.must or should.may) or not (is_of_rows or is_of_type):
            raise Wrong(f"refused without need: {sentence}")
        await self._untouched()
        self.counts["refused"] += 1
        if is_of_rows:
            path = {*self.folder.glob("*.py")}
            await self._made("anyway", **wishes, anyway=True)
            try:
                await self.shop.upgrade(self.folder)
            except Refused as again:
                self.story.append(f"  refused again: {again}")
                await self._untouched()
                for file in {*self.folder.glob("*.py")} - path:
                    file.unlink()
            else:
                raise Wrong(f"applied though make refused it: {sentence}")
        self.shop.write(text(self.schema))

    async def _untouched(self) -> None:
        """Look whether nothing has changed."""
        package = self.shop.package
        self.shop.write(text(self.schema))
        found = await self.shop.databases["filled"].catalogue()
        if words := differences(found, self.moments[-1].catalogue, names=True):
            raise Wrong(*[f"half-way: {each}" for each in words])
        await self._look(self.schema, self.rows, skipped=self.unreadable)
        self.shop.package = package

    unreadable: dict[str, set[int]] = field(default_factory=dict)
    """The fields that came back without their values, and may hold what models cannot read."""

    async def _back(self) -> None:
        """Undo everything, and compare each moment with the one on the way up."""
        while len(self.moments) > 1:
            self.moments.pop()
            moment = self.moments[-1]
            self.story.append(f"undo, to moment {len(self.moments)}")
            await self._undo(moment)
            self.schema = moment.schema
        self.shop.write(text(self.schema))
        await self.shop.downgrade(self.folder)
        found = await self.shop.databases["filled"].catalogue()
        if words := differences(found, {}):
            raise Wrong(*[f"after all was undone: {each}" for each in words])

    async def _undo(self, moment: Moment) -> None:
        kind = self.shop.kind
        should = expected(
            self.schema, moment.schema, self.rows, database=kind, fills={}, is_undo=True
        )
        try:
            await self.shop.downgrade(self.folder)
        except Refused as refusal:
            self.story.append(f"  undo refused: {refusal}")
            if not (should.must or should.may):
                raise Wrong(f"undo refused without need: {refusal}") from refusal
            self.moments.append(
                Moment(self.schema, await self.shop.databases["filled"].catalogue())
            )
            await self._untouched()
            self.moments.pop()
            self.counts["undo refused"] += 1
            await self._empty()
            should = Expectation({name: {} for name in moment.schema})
            await self.shop.downgrade(self.folder)
        except Exception as error:
            raise Wrong(f"the undo fails: {error!r}", *should.must, *should.may) from error
        else:
            if should.must:
                raise Wrong(*[f"undo not refused: {words}" for words in should.must])
        found = await self.shop.databases["filled"].catalogue()
        if words := differences(found, moment.catalogue, names=True):
            raise Wrong(*[f"after the undo: {each}" for each in words])
        self.shop.write(text(moment.schema))
        for name, model in moment.schema.items():
            old = (
                {each.identity for each in self.schema[name].columns}
                if name in self.schema
                else set()
            )
            back = {each.identity for each in model.columns if each.identity not in old}
            if name in self.schema:
                self.unreadable.setdefault(name, set()).update(back)
        self.rows = await self._look(moment.schema, should.rows, skipped=self.unreadable)

    async def _empty(self) -> None:
        """Delete all rows: what they forbid can then be undone."""
        tables = [model.table for model in self.schema.values()]
        tables += [link.through for model in self.schema.values() for link in model.links]
        async with self.shop.models() as models:
            connection = models["connection"]
            match self.shop.kind:
                case "sqlite":
                    quoted = [f'DELETE FROM "{name}"' for name in tables]  # noqa: S608 - our own names
                    script = ["PRAGMA foreign_keys = OFF", *quoted, "PRAGMA foreign_keys = ON"]
                case "postgres":
                    script = ["TRUNCATE " + ", ".join(f'"{name}"' for name in tables) + " CASCADE"]
                case _:
                    quoted = [f"DELETE FROM `{name}`" for name in tables]  # noqa: S608 - as above
                    script = ["SET FOREIGN_KEY_CHECKS = 0", *quoted, "SET FOREIGN_KEY_CHECKS = 1"]
            await connection.execute_script(";\n".join(script) + ";")
        self.rows = {name: {} for name in self.schema}
        self.pairs = {}
        self.counts["emptied"] += 1

    async def _afresh(self, last: Schema) -> None:
        """Apply all files to an empty database."""
        self.shop.write(text(last))
        await self.shop.upgrade(self.folder)
        await self._compare(last)


async def one(shop: Workshop, seed: int, changes: int) -> tuple[Sequence, str]:
    """Try a seed, and return what was wrong, if anything."""
    folder = shop.folder(f"seed_{seed}")
    sequence = Sequence(shop, seed, changes, folder, Random(seed))  # noqa: S311 - to be repeated
    try:
        await sequence.run()
    except Wrong as wrong:
        fault = "\n".join(map(str, wrong.args))
    except Exception:  # noqa: BLE001 - whatever it is, it is the finding
        fault = "".join(traceback.format_exc()[-3000:])
    else:
        return sequence, ""
    files = sorted(folder.glob("*_*.py"))
    if files:
        fault += f"\n--- the last file ---\n{files[-1].read_text(encoding='utf-8')}"
    return sequence, fault


async def all_of_them(database: str, service: Path, seeds: range, changes: int) -> Counter[str]:
    """Try seeds one after the other, and print how each ended."""
    counts: Counter[str] = Counter()
    async with workshop(database, service) as shop:
        for seed in seeds:
            sequence, fault = await one(shop, seed, changes)
            told = ", ".join(f"{times} {what}" for what, times in sorted(sequence.counts.items()))
            print(f"{database}, seed {seed}: {told}: {'WRONG' if fault else 'ok'}", flush=True)
            if fault:
                print("\n".join(sequence.story), f"\n=== WRONG ===\n{fault}\n", flush=True)
            counts += sequence.counts
            counts["seeds"] += 1
            counts["wrong"] += bool(fault)
    return counts


def main() -> None:
    """Try what the command line says, and fail if anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=DATABASES, required=True)
    parser.add_argument("--service", type=Path, required=True, help="a service rendered for it")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--changes", type=int, default=CHANGES)
    options = parser.parse_args()
    seeds = range(options.first, options.first + options.seeds)
    counts = asyncio.run(all_of_them(options.database, options.service, seeds, options.changes))
    print(json.dumps(counts))
    sys.exit(1 if counts["wrong"] else 0)


if __name__ == "__main__":
    main()
