"""What methods declare of themselves names things that exist, and each of them once."""

from __future__ import annotations

import re
from collections import defaultdict

import pytest

from baselines.interface import Baseline, Range, Requirement, Role, Supervision
from baselines.registry import methods
from harness.config.benchmarks import BENCHMARKS
from harness.config.plan import default_methods, is_compatible
from harness.config.search_spaces import search_space
from harness.config.settings import declared
from harness.reporting.figures.style import wrapped
from harness.storage.schema import RULES

Method = type[Baseline]

every_method = pytest.mark.parametrize("method", methods().values(), ids=methods())


def test_no_two_methods_share_a_colour_but_counterparts() -> None:
    owners: dict[str, set[str]] = defaultdict(set)
    for method in methods().values():
        assert re.fullmatch("#[0-9a-f]{6}", method.colour), method.name
        owners[method.colour].add(method.counterpart or method.name)
    assert {colour: names for colour, names in owners.items() if len(names) > 1} == {}


def test_no_two_methods_share_a_title() -> None:
    titles = [method.title for method in methods().values()]
    assert len(set(titles)) == len(titles)
    assert all(len(wrapped(title).splitlines()) == 1 for title in titles)


@every_method
def test_why_it_is_compared_and_what_it_is_told_are_terms_of_the_interface(method: Method) -> None:
    assert method.role in Role
    assert method.supervision in Supervision
    assert method.requirements <= set(Requirement)
    assert method.version >= 1


@every_method
def test_a_counterpart_has_labels_where_the_method_has_none(method: Method) -> None:
    if method.counterpart:
        assert method.supervision is Supervision.NONE
        assert methods()[method.counterpart].supervision is not Supervision.NONE


@every_method
def test_tuned_settings_come_from_a_method_that_tunes_its_own(method: Method) -> None:
    if method.tuning_source:
        source = methods()[method.tuning_source]
        assert not source.tuning_source
        assert set(declared(source)) <= set(declared(method))


@every_method
def test_settings_of_the_paper_are_settings_of_a_method_on_a_benchmark(method: Method) -> None:
    known = declared(method)
    for benchmark, settings in method.paper_settings.items():
        assert is_compatible(BENCHMARKS[benchmark], method)
        assert settings
        assert method(**settings) != method()
        for name, value in settings.items():
            assert known[name].parse(str(value)) == value


@every_method
def test_what_is_searched_has_the_default_in_it_and_only_values_that_are_allowed(
    method: Method,
) -> None:
    known = declared(method)
    for name, searched in search_space(method).items():
        default = known[name].default
        if isinstance(searched, Range):
            assert searched.low < default < searched.high
            assert known[name].admits(searched.low)
            assert known[name].admits(searched.high)
        else:
            assert default in searched.values
            assert all(map(known[name].admits, searched.values))


@every_method
def test_a_rule_is_named_where_the_task_is_inferred(method: Method) -> None:
    rule = method().default_rule
    assert rule == "" or rule in RULES
    infers = Requirement.TASK_IDENTITY in method.requirements
    assert bool(rule) == (infers or method.supervision is Supervision.NONE)


@every_method
def test_it_can_be_trained_on_some_stream(method: Method) -> None:
    assert any(is_compatible(benchmark, method) for benchmark in BENCHMARKS.values())


def test_every_benchmark_of_ours_compares_a_subject_with_bounds() -> None:
    for benchmark in (one for one in BENCHMARKS.values() if not one.methods):
        roles = [methods()[name].role for name in default_methods(benchmark, methods())]
        assert roles.count(Role.SUBJECT) == 1
        assert Role.BOUND in roles
