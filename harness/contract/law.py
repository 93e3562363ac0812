"""What a law is, and the list of all laws."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NoReturn

from baselines.interface import Baseline, Requirement
from baselines.registration import import_modules

if TYPE_CHECKING:
    from harness.contract.subject import Subject

Method = type[Baseline]

State = Literal["kept", "broken", "does not apply"]


class BrokenLawError(AssertionError):
    """A method does not keep a law.

    Attributes:
        observed: what was seen, in words.
        mend: what to change.
    """

    def __init__(self, observed: str, mend: str) -> None:
        super().__init__(f"{observed}; {mend}")
        self.observed = observed
        self.mend = mend


@dataclass(frozen=True, slots=True)
class Law:
    """A law of the contract.

    Attributes:
        name: of its function.
        demand: what it demands, a sentence.
        check: says in words what was observed; raises `BrokenLawError`.
        excuse: why the law does not apply to a method; "" if it does.
    """

    name: str
    demand: str
    check: Callable[[Subject], str]
    excuse: Callable[[Method], str]


@dataclass(frozen=True, slots=True)
class Finding:
    """How a method stands to a law.

    Attributes:
        law: the law.
        state: whether it is kept.
        observed: what was seen, or why the law does not apply.
        mend: what to change; "" where nothing has to be.
    """

    law: Law
    state: State
    observed: str
    mend: str = ""


_LAWS: dict[str, Law] = {}


def law(
    demand: str, *, excuse: Callable[[Method], str] = lambda method: ""
) -> Callable[[Callable[[Subject], str]], Callable[[Subject], str]]:
    """Decorator that makes a function a law.

    Args:
        demand: a sentence.
        excuse: see `Law`.
    """

    def registered(check: Callable[[Subject], str]) -> Callable[[Subject], str]:
        _LAWS[check.__name__] = Law(check.__name__, demand, check, excuse)
        return check

    return registered


def at_once(method: Method) -> str:
    """The excuse of a method that is trained on all tasks at once; "" for any other."""
    whole = Requirement.ALL_TASKS_AT_ONCE in method.requirements
    return "it is trained on all tasks at once" if whole else ""


def laws() -> dict[str, Law]:
    """Every law by name; those that need no training come first."""
    import_modules("harness.contract")
    return dict(_LAWS)


def broken(observed: str, mend: str) -> NoReturn:
    """Say that a law is broken.

    Args:
        observed: what was seen.
        mend: what to change.

    Raises:
        BrokenLawError: always.
    """
    raise BrokenLawError(observed, mend)


def findings(subject: Subject) -> Iterator[Finding]:
    """How a method stands to each law; whatever goes wrong with one says nothing of the others.

    Args:
        subject: the method.
    """
    for one in laws().values():
        if excuse := one.excuse(subject.method):
            yield Finding(one, "does not apply", excuse)
            continue
        try:
            yield Finding(one, "kept", one.check(subject))
        except BrokenLawError as error:
            yield Finding(one, "broken", error.observed, error.mend)
        except Exception as error:  # whatever the method's own code raises
            said = " ".join(f"{type(error).__name__}: {error}".split())
            yield Finding(one, "broken", said, "mend what raises it, in build or in the strategy")
