"""Graphs of objects as plain values and tensors, through a file and into a fresh root."""

from __future__ import annotations

import io
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from harness.experiment.object_state import Codec, Scope, StateError, capture, restore

HERE = (__name__.partition(".")[0],)
"""The package of the classes below; they may be made anew."""

PLAIN: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**40), 2**40),
    st.floats(allow_nan=False),
    st.text(max_size=5),
)


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.lists(inner, max_size=3),
        st.tuples(inner, inner),
        st.dictionaries(st.text(max_size=3), inner, max_size=3),
        st.sets(st.integers(0, 9), max_size=3),
        st.builds(deque, st.lists(inner, max_size=3), st.just(5)),
    )


class Box:
    """Has whatever attributes it is given."""

    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)


@dataclass(slots=True)
class Slotted:
    number: int
    tensor: torch.Tensor


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


def through_a_file(state: dict[str, Any]) -> dict[str, Any]:
    """As torch reads it without executing anything that is in it."""
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    read: dict[str, Any] = torch.load(file, weights_only=True)
    return read


def moved(root: object, fresh: Any, scope: Scope | None = None) -> Any:
    """The fresh root with the state of the other."""
    scope = scope or Scope(packages=HERE)
    restore(fresh, through_a_file(capture(root, scope)), scope)
    return fresh


@given(st.recursive(PLAIN, containers, max_leaves=12))
def test_plain_values_come_back_with_their_types(value: Any) -> None:
    found = moved(Box(value=value), Box()).value
    assert found == value
    assert repr(found) == repr(value)  # True is not 1, and a tuple no list


def test_dictionaries_keep_their_kind_and_order() -> None:
    counts: defaultdict[str, int] = defaultdict(int, b=2, a=1)
    box = moved(Box(counts=counts, ordered=OrderedDict(z=1, y=2), keys={(1, "a"): 2}), Box())
    assert list(box.counts.items()) == [("b", 2), ("a", 1)]
    assert box.counts["missing"] == 0
    assert type(box.ordered) is OrderedDict
    assert list(box.ordered) == ["z", "y"]
    assert box.keys == {(1, "a"): 2}


def test_an_object_that_is_in_two_places_is_one_object() -> None:
    shared, loop = Box(tensor=torch.ones(2)), Box()
    loop.itself = loop  # type: ignore[attr-defined]
    box = moved(Box(one=shared, other=[shared], tensor=shared.tensor, loop=loop), Box())  # type: ignore[attr-defined]
    assert box.one is box.other[0]
    assert box.one.tensor is box.tensor
    assert box.loop.itself is box.loop


def test_arrays_enums_slots_and_devices() -> None:
    array = np.arange(6, dtype=np.int32).reshape(2, 3)
    slotted = Slotted(3, torch.tensor([1.5]))
    values = {"array": array, "colour": Colour.BLUE, "slotted": slotted}
    values |= {"device": torch.device("cpu"), "dtype": torch.bfloat16}
    box = moved(Box(**values), Box())
    assert np.array_equal(box.array, array)
    assert box.array.dtype == np.int32
    assert box.colour is Colour.BLUE
    assert (box.slotted.number, box.slotted.tensor.item()) == (3, 1.5)
    assert (box.device, box.dtype) == (torch.device("cpu"), torch.bfloat16)


def test_training_goes_on_as_if_it_had_not_been_stopped() -> None:
    def made() -> Box:
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Linear(3, 2))
        optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
        return Box(model=model, optimizer=optimizer, generator=torch.Generator().manual_seed(5))

    def step(box: Any) -> float:
        x = torch.rand(8, 4, generator=box.generator)
        box.optimizer.zero_grad()
        loss: torch.Tensor = box.model(x).square().mean()
        torch.autograd.backward(loss)
        box.optimizer.step()
        return loss.item()

    trained = made()
    for _ in range(3):
        step(trained)
    fresh: Any = made()
    parameters = list(fresh.model.parameters())
    moved(trained, fresh, Scope())
    after = list(fresh.model.parameters())
    assert all(one is other for one, other in zip(parameters, after, strict=True))
    assert [step(fresh) for _ in range(3)] == [step(trained) for _ in range(3)]


@pytest.mark.parametrize("learns", [True, False])
def test_a_parameter_that_was_frozen_stays_frozen(learns: bool) -> None:
    trained, fresh = nn.Linear(2, 1), nn.Linear(2, 1)
    trained.weight.requires_grad_(learns)
    weight = fresh.weight.requires_grad_(not learns)
    moved(trained, fresh, Scope())
    assert fresh.weight is weight
    assert weight.requires_grad is learns


def test_functions_and_what_holds_them_are_those_of_the_fresh_root() -> None:
    def stored() -> int:
        return 1

    def fresh() -> int:
        return 2

    box = moved(Box(function=stored, kind=int, value=5), Box(function=fresh, kind=str, value=6))
    assert (box.function(), box.kind, box.value) == (2, str, 5)
    with pytest.raises(StateError, match=r"^the root\.function is of a kind that cannot be stored"):
        moved(Box(function=stored), Box())


def test_what_every_process_has_is_stored_by_its_name() -> None:
    theirs, ours = torch.zeros(1000), torch.zeros(1000)
    state = capture(Box(data=[theirs]), Scope(external={"data": theirs}, packages=HERE))
    assert state["tensors"] == []
    box: Any = Box()
    restore(box, through_a_file(state), Scope(external={"data": ours}, packages=HERE))
    assert box.data[0] is ours
    with pytest.raises(StateError, match=r"the root\.data\[0\] was data, which is not there"):
        restore(Box(), state, Scope(packages=HERE))


@pytest.mark.parametrize("owner", ["the object", "its class"])
def test_skipped_attributes_stay_as_they_are(owner: str) -> None:
    stored, fresh = Box(kept=1, skipped=2), Box(kept=3, skipped=4)

    def scope(box: Box) -> Scope:
        return Scope(skipped=[(Box if owner == "its class" else box, ("skipped",))], packages=HERE)

    restore(fresh, capture(stored, scope(stored)), scope(fresh))
    assert vars(fresh) == {"kept": 1, "skipped": 4}


def test_a_codec_stands_for_the_objects_of_its_class() -> None:
    codec = Codec(lambda box: [box.value], lambda parts: Box(value=10 * parts[0]))
    scope = Scope(codecs={Box: codec})  # its package need not be allowed
    assert moved([Box(value=4)], [], scope)[0].value == 40


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda name: f"os:{name}", "is not to be made"),
        (lambda name: f"nowhere.{name}", "is not to be made"),
        (lambda name: f"{__name__}:HERE", r"is a HERE, which .* does not have"),
        (lambda name: f"{__name__}:NoSuchClass", r"is a NoSuchClass, which .* does not have"),
        (lambda name: f"{__name__}:Box.__init__.__globals__", "does not have"),
    ],
)
def test_only_classes_that_are_loaded_and_allowed_are_made(
    change: Callable[[str], str], message: str
) -> None:
    scope = Scope(packages=HERE)
    state = capture(Box(inner=Box(value=1)), scope)
    [node] = [node for node in state["nodes"][1:] if node[0] == "object"]
    node[1] = change("Popen")
    with pytest.raises(StateError, match=rf"^the root\.inner .*{message}"):
        restore(Box(), state, scope)
