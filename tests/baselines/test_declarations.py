"""What methods declare of themselves names things that exist, and each of them once."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable

import pytest

from baselines.interface import Baseline, Role
from baselines.registry import methods
from harness.config.benchmarks import BENCHMARKS
from harness.config.plan import default_methods
from harness.contract import declarations
from harness.contract.law import laws
from harness.contract.subject import Subject
from harness.reporting.figures.style import wrapped

Method = type[Baseline]

CHECKED = (
    declarations.it_declares_itself,
    declarations.its_settings_have_defaults_within_their_limits,
    declarations.what_is_searched_has_the_default_in_it,
    declarations.a_rule_is_named_where_the_task_is_inferred,
    declarations.what_it_names_is_there,
    declarations.some_stream_suits_it,
)

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


@pytest.mark.parametrize("check", CHECKED)
@every_method
def test_it_keeps_the_laws_of_declarations(method: Method, check: Callable[[Subject], str]) -> None:
    if excuse := laws()[check.__name__].excuse(method):
        pytest.skip(excuse)
    assert check(Subject(method))


def test_names_and_settings_are_known_without_torch() -> None:
    """One process imports all of them."""
    assert declarations.it_is_known_without_torch(Subject(methods()["rmn"]))


def test_every_benchmark_of_ours_compares_a_subject_with_bounds() -> None:
    for benchmark in (one for one in BENCHMARKS.values() if not one.methods):
        roles = [methods()[name].role for name in default_methods(benchmark, methods())]
        assert roles.count(Role.SUBJECT) == 1
        assert Role.BOUND in roles
