"""Laws of what a method says of itself; nothing is trained."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, fields
from typing import Any

from baselines.interface import Range, Requirement, Supervision
from baselines.plugins import of_module
from baselines.registration import is_own
from baselines.registry import methods
from harness.config.benchmark_registry import benchmarks
from harness.config.plan import is_compatible
from harness.config.search_spaces import search_space
from harness.config.settings import declared
from harness.contract.law import Method, broken, law
from harness.contract.subject import Subject
from harness.storage.schema import RULES


def _named(words: list[str]) -> str:
    return ", ".join(words) or "none"


@law("It is known by a name, a title, a publication and a docstring.")
def it_declares_itself(subject: Subject) -> str:
    """It is registered, which asks for the terms of the interface, and says what it does."""
    method = subject.method
    if methods().get(method.name) is not method:
        broken(f"{method.name} is another method", "decorate the class with @register")
    if (method.__doc__ or "").startswith(f"{method.__name__}("):  # what `dataclass` writes
        broken("it has no docstring", "say in one what the method does and what differs from it")
    given_up = _named(sorted(map(str, method.requirements)))
    return (
        f"{method.title} ({method.reference}), {method.role}; needs {method.supervision}; gives "
        f"up: {given_up}"
    )


@law("Each setting has a default within its limits; an object is frozen.")
def its_settings_have_defaults_within_their_limits(subject: Subject) -> str:
    """That each has a help text is asked for when it is registered."""
    made = subject.method()
    for field in fields(subject.method):
        low, high = field.metadata["minimum"], field.metadata["maximum"]
        default = field.default
        if default is not None and not (low is None or default >= low):
            broken(f"{field.name} is {default} by default, below {low}", "mend one of the two")
        if default is not None and not (high is None or default <= high):
            broken(f"{field.name} is {default} by default, above {high}", "mend one of the two")
        try:
            setattr(made, field.name, None)
        except FrozenInstanceError:
            continue
        broken(f"{field.name} can be changed", "decorate the class with @dataclass(frozen=True)")
    return f"settings: {_named([field.name for field in fields(subject.method)])}"


@law(
    "The default of each setting that tuning searches is among what is searched.",
    excuse=lambda method: "" if search_space(method) else "tuning searches none of its settings",
)
def what_is_searched_has_the_default_in_it(subject: Subject) -> str:
    """And only values that the setting may have."""
    known, spaces = declared(subject.method), search_space(subject.method)
    for name, searched in spaces.items():
        default, allowed = known[name].default, known[name].admits
        if isinstance(searched, Range):
            within = searched.low < default < searched.high
            values: tuple[object, ...] = (searched.low, searched.high)
        else:
            within, values = default in searched.values, searched.values
        if not within:
            broken(f"{name} is {default} by default, outside of {searched}", "widen search=...")
        if not all(map(allowed, values)):
            broken(f"{searched} has values that {name} cannot have", "narrow search=...")
    return f"tuning searches {_named(list(spaces))}"


@law("A method that infers the task names its rule, and no other method does.")
def a_rule_is_named_where_the_task_is_inferred(subject: Subject) -> str:
    """`rule` goes with `Requirement.TASK_IDENTITY`, or with no supervision."""
    method, rule = subject.method, subject.method().default_rule
    if rule and rule not in RULES:
        broken(f"its rule is {rule!r}", f"choose one of {_named(list(RULES))}")
    infers = Requirement.TASK_IDENTITY in method.requirements
    if bool(rule) != (infers or method.supervision is Supervision.NONE):
        broken(
            f"its rule is {rule!r}, and it declares {_named(sorted(method.requirements))}",
            "declare both Requirement.TASK_IDENTITY and rule, or neither",
        )
    return f"its rule is {rule}" if rule else "it infers no task"


@law("What it names of other methods and benchmarks is there.")
def what_it_names_is_there(subject: Subject) -> str:
    """Counterpart, source of tuned settings, settings of the paper and of these checks."""
    method, known = subject.method, methods()
    if method.counterpart:
        if method.counterpart not in known or method.supervision is not Supervision.NONE:
            broken(
                f"its counterpart is {method.counterpart!r}",
                "name a method with task labels, and only where it needs none itself",
            )
        if known[method.counterpart].supervision is Supervision.NONE:
            broken(f"its counterpart {method.counterpart} has no labels either", "name another")
    if method.tuning_source:
        source = known.get(method.tuning_source)
        if source is None or source.tuning_source:
            broken(f"{method.tuning_source!r} tunes no settings of its own", "mend tuning_source")
        if not set(declared(source)) <= set(declared(method)):
            broken(f"it lacks settings of {method.tuning_source}", "give it all of them")
    for benchmark, settings in method.paper_settings.items():
        if benchmark not in benchmarks() or not is_compatible(benchmarks()[benchmark], method):
            broken(f"paper_settings names {benchmark!r}", "name a benchmark that it can train on")
        _check_settings(method, "paper_settings", settings)
    if method.check_settings:
        _check_settings(method, "check_settings", method.check_settings)
    return "nothing is missing"


def _check_settings(method: Method, where: str, settings: Mapping[str, Any]) -> None:
    """See that settings are the method's, and not its defaults.

    Args:
        method: the method.
        where: name of the class variable that has them.
        settings: by name.
    """
    known = declared(method)
    for name, value in settings.items():
        if name not in known or known[name].parse(str(value)) != value:
            broken(f"{where} has {name}={value!r}", "name a setting and a value it allows")
    if not settings or method(**settings) == method():
        broken(f"{where} has only defaults", "leave them out")


@law("It can be trained on the stream of some benchmark.")
def some_stream_suits_it(subject: Subject) -> str:
    """Supervision decides which."""
    suited = [one for one in benchmarks().values() if is_compatible(one, subject.method)]
    if not suited:
        broken("no benchmark suits its supervision", "choose another one of Supervision")
    return f"{len(suited)} of {len(benchmarks())} benchmarks"


@law("Its name and its settings are known without importing torch or Avalanche.")
def it_is_known_without_torch(subject: Subject) -> str:
    """In a fresh process, so that --help and errors answer at once."""
    module = subject.method.__module__
    plugin = "" if is_own(module) else str(of_module(module).file)
    script = (
        "import sys; from baselines.plugins import import_plugin; "
        "from baselines.registry import methods; "
        f"plugin = {plugin!r}; plugin and import_plugin(plugin); "
        f"assert {subject.method.name!r} in methods(); "
        "sys.exit(3 if {'torch', 'avalanche'} & sys.modules.keys() else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    if done.returncode == 3:
        broken(f"{module} imports them", "import torch and avalanche inside of build")
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2]
        broken(f"a fresh process cannot import {module}: {last}", "mend the import")
    return "a fresh process that knows it has imported neither"
