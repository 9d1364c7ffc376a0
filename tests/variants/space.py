"""The valid answers, read from the questions: choices, defaults, and the refusals of validators.

A question with choices is a variable. The settings of a combination are what must
be covered together: `database=mysql`, and for a list one setting for each entry,
`auth.jwt=True` or `auth.jwt=False`. Questions that take any text are not varied
here; their tests are in test_questions.py.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any

import jinja2
import yaml
from jinja2 import meta
from jinja2.sandbox import SandboxedEnvironment

Answers = dict[str, Any]
Setting = tuple[str, str | bool]
Settings = Mapping[str, str | bool]

PRESET = "preset"


class Refused(ValueError):  # noqa: N818 - a fact, as all our errors
    """These answers are not allowed together, or no such answer exists."""


@dataclass(frozen=True)
class Question:
    """A question with choices."""

    name: str
    choices: tuple[str, ...]
    takes_several: bool
    default: Any
    validator: str
    reads: frozenset[str] = field(default=frozenset())
    """The names in its validator, its own included."""

    @property
    def settings(self) -> Iterator[Setting]:
        """All settings of this question."""
        for choice in self.choices:
            if self.takes_several:
                yield f"{self.name}.{choice}", True
                yield f"{self.name}.{choice}", False
            else:
                yield self.name, choice

    @cached_property
    def answers(self) -> list[Any]:
        """All possible answers."""
        if not self.takes_several:
            return list(self.choices)
        sizes = range(len(self.choices) + 1)
        return [list(some) for size in sizes for some in combinations(self.choices, size)]

    def in_order(self, answer: Any) -> Any:  # noqa: ANN401 - text or list
        """Return the entries of a list in the order in which they are offered."""
        if isinstance(answer, list) and set(answer) <= set(self.choices):
            return [choice for choice in self.choices if choice in answer]
        return answer

    @cached_property
    def all_settings(self) -> list[tuple[Any, dict[str, str | bool]]]:
        """Each answer with its settings."""
        return [(answer, self.settings_of(answer)) for answer in self.answers]

    def settings_of(self, answer: Any) -> dict[str, str | bool]:  # noqa: ANN401 - text or list
        """Return the settings of the answer."""
        if self.takes_several:
            return {f"{self.name}.{choice}": choice in answer for choice in self.choices}
        return {self.name: answer}


class Space:
    """All valid combinations of the answers to some questions."""

    def __init__(self, documents: Mapping[str, Mapping[str, Any]]) -> None:
        """Read questions, by name, in the order in which they are asked.

        Raises:
            ValueError: A question has something that is not understood here, such as
                a condition or a validator of a single choice.
        """
        self._environment = SandboxedEnvironment(
            extensions=["jinja2_ansible_filters.AnsibleCoreFiltersExtension"],
            undefined=jinja2.StrictUndefined,
            autoescape=False,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.questions: dict[str, Question] = {}
        for name, body in documents.items():
            if body.get("when", True) is not False and "choices" in body:
                self.questions[name] = self._question(name, body)
        for question in self.questions.values():
            if unknown := question.reads - set(self.questions):
                raise ValueError(f"{question.name}: its validator reads {', '.join(unknown)}")
        self._verdicts: dict[tuple[object, ...], str] = {}

    @classmethod
    def of(cls, template: Path) -> "Space":
        """Read the space of a template."""
        return cls(documents(template))

    @cached_property
    def factors(self) -> dict[str, list[str | bool]]:
        """The settings by factor."""
        found: dict[str, list[str | bool]] = {}
        for question in self.questions.values():
            for name, value in question.settings:
                found.setdefault(name, []).append(value)
        return found

    def __iter__(self) -> Iterator[Answers]:
        """Yield every valid combination; mind how many there may be."""
        return self._search({}, None)

    def settings(self, answers: Mapping[str, Any]) -> dict[str, str | bool]:
        """Return the settings of a combination, as far as it answers the questions."""
        found: dict[str, str | bool] = {}
        for name, question in self.questions.items():
            if name in answers:
                found |= question.settings_of(answers[name])
        return found

    def check(self, answers: Mapping[str, Any]) -> None:
        """Accept a whole combination.

        Raises:
            Refused: It is not valid; the message is the validator's, or names what is unknown.
        """
        if set(answers) != set(self.questions):
            odd = ", ".join(sorted(set(answers) ^ set(self.questions)))
            raise Refused(f"Unknown or missing: {odd}")
        for name, question in self.questions.items():
            if answers[name] not in question.answers:
                raise Refused(f"{answers[name]!r} is no answer to {name}")
        for question in self.questions.values():
            if sentence := self._refusal(question, answers):
                raise Refused(sentence)

    def default(self, name: str, before: Mapping[str, Any]) -> Any:  # noqa: ANN401 - text or list
        """Return the answer that Copier proposes after these answers."""
        default = self.questions[name].default
        if isinstance(default, str):
            default = self._environment.from_string(default).render(before)
            return yaml.safe_load(default) if self.questions[name].takes_several else default
        return default

    def with_defaults(self, given: Mapping[str, Any]) -> Answers:
        """Complete some answers as `copier copy --defaults` does, and check them.

        Raises:
            Refused: An answer is unknown, or not allowed together with the rest.
        """
        if unknown := set(given) - set(self.questions):
            raise Refused(f"No such question, or none with choices: {', '.join(sorted(unknown))}")
        answers: Answers = {}
        for name, question in self.questions.items():
            answer = given[name] if name in given else self.default(name, answers)
            answers[name] = question.in_order(answer)
        self.check(answers)
        return answers

    def allows(self, settings: Settings) -> bool:
        """Return whether some valid combination has these settings."""
        return next(self._search(settings, None), None) is not None

    def complete(self, settings: Settings, random: Random) -> Answers | None:
        """Return some valid combination with these settings, or None if there is none."""
        return next(self._search(settings, random), None)

    def non_defaults(self, answers: Mapping[str, Any]) -> Answers:
        """Return the answers that differ from Copier's proposals: those that a user has to give."""
        before: Answers = {}
        found: Answers = {}
        for name in self.questions:
            if answers[name] != self.default(name, before):
                found[name] = answers[name]
            before[name] = answers[name]
        return found

    def name(self, answers: Mapping[str, Any]) -> str:
        """Return a readable id: the preset, and each answer that differs from its proposals."""
        words: list[str] = [answers[PRESET]]
        for name, answer in self.non_defaults(answers).items():
            if self.questions[name].takes_several:
                usual = self.default(name, answers)
                words += [f"no-{each}" for each in usual if each not in answer]
                words += [each for each in answer if each not in usual]
            elif name != PRESET:
                words.append(self._word(name, answer))
        return "-".join(words)

    def deviations(self) -> Iterator[Answers]:
        """Yield each preset, and each preset with one other answer, as far as they are valid."""
        presets = self.questions[PRESET].choices
        for preset in presets:
            usual = self.with_defaults({PRESET: preset})
            yield usual
            for name, question in self.questions.items():
                if name == PRESET:
                    continue
                for answer in question.answers:
                    given = {PRESET: preset, name: answer}
                    differs = _differ_by_one(question, usual[name], answer)
                    if differs and (found := self._valid(given)):
                        yield found

    def _valid(self, given: Answers) -> Answers | None:
        try:
            return self.with_defaults(given)
        except Refused:
            return None

    def _question(self, name: str, body: Mapping[str, Any]) -> Question:
        choices = body["choices"]
        values = tuple(choices.values() if isinstance(choices, dict) else choices)
        if "when" in body or not all(isinstance(value, str) for value in values):
            raise ValueError(f"{name}: only plain choices, without a condition, are understood")
        validator = body.get("validator", "")
        tree = self._environment.parse(validator)
        reads = frozenset(meta.find_undeclared_variables(tree) | {name})
        several = body.get("multiselect", False)
        return Question(name, values, several, body["default"], validator, reads)

    def _word(self, name: str, answer: str) -> str:
        if answer == "none":
            return f"no-{name}"
        owners = [each for each, question in self.questions.items() if answer in question.choices]
        return answer if owners == [name] else f"{name}-{answer}"

    def _refusal(self, question: Question, answers: Mapping[str, Any]) -> str:
        """Return why the validator refuses, or nothing; each distinct case is rendered once."""
        if not question.validator:
            return ""
        case = (question.name, *(str(answers.get(name)) for name in sorted(question.reads)))
        if case not in self._verdicts:
            template = self._environment.from_string(question.validator)
            self._verdicts[case] = template.render(answers).strip()
        return self._verdicts[case]

    def _search(self, settings: Settings, random: Random | None) -> Iterator[Answers]:
        """Yield valid combinations with these settings, in random order or all in order.

        Questions that share a validator are answered one after the other, so that a
        refusal is met early; which of them comes first, the settings decide.
        """
        domains = {
            name: [answer for answer, sets in question.all_settings if _agree(sets, settings)]
            for name, question in self.questions.items()
        }
        order = self._order({name.partition(".")[0] for name in settings})
        checks = [
            [
                question
                for question in self.questions.values()
                if question.validator
                and name in question.reads
                and question.reads <= {*order[: position + 1]}
            ]
            for position, name in enumerate(order)
        ]

        def extended(position: int, answers: Answers) -> Iterator[Answers]:
            if position == len(order):
                yield {name: answers[name] for name in self.questions}
                return
            name = order[position]
            candidates = domains[name]
            if random:
                candidates = random.sample(candidates, len(candidates))
            for candidate in candidates:
                answers[name] = candidate
                if not any(self._refusal(question, answers) for question in checks[position]):
                    yield from extended(position + 1, answers)
            answers.pop(name, None)

        yield from extended(0, {})

    def _order(self, first: set[str]) -> list[str]:
        """Sort the questions: those given, those that share a validator with them, the rest."""
        found = [name for name in self.questions if name in first]
        together = [question.reads for question in self.questions.values() if question.validator]
        while len(found) < len(self.questions):
            rest = [name for name in self.questions if name not in found]
            near = [
                name
                for name in rest
                if any(name in reads and not reads.isdisjoint(found) for reads in together)
            ]
            found.append((near or rest)[0])
        return found


def _agree(some: Settings, others: Settings) -> bool:
    return all(others.get(name, value) == value for name, value in some.items())


def _differ_by_one(question: Question, usual: Any, answer: Any) -> bool:  # noqa: ANN401
    if question.takes_several:
        return len(set(usual) ^ set(answer)) == 1
    return bool(answer != usual)


def documents(template: Path) -> dict[str, dict[str, Any]]:
    """Return the questions of a template by name, in their order, the derived ones included."""
    found: dict[str, dict[str, Any]] = {}
    text = (template / "copier.yml").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line.startswith("!include "):
            path = template / line.removeprefix("!include ").strip()
            document = yaml.safe_load(path.read_text(encoding="utf-8"))
            found |= {name: body for name, body in document.items() if not name.startswith("_")}
    return found
