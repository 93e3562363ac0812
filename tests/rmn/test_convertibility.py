"""What convert refuses: each by the name of the module, with what to do."""

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from avalanche.models import IncrementalClassifier, MTSimpleMLP, MultiHeadClassifier
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import parametrizations, prune, spectral_norm, weight_norm

from rmn import convert


class Standardised(nn.Conv2d):
    """Weight standardisation."""

    def _conv_forward(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        centred = weight - weight.mean((1, 2, 3), keepdim=True)
        output: Tensor = super()._conv_forward(x, centred, bias)
        return output


class Listed(nn.Module):
    """Keeps the weights of its layers in a list."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 3)
        self.known = {"weights": [self.layer.weight]}

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.known["weights"][0]


class Keeping(nn.Module):
    """Keeps something that is made of it in an attribute."""

    def __init__(self, keep: Callable[[Any], Any]) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 3)
        self.kept = keep(self)

    def method(self, x: Tensor) -> Tensor:
        output: Tensor = self.layer(x)
        return output

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.kept(x)
        return output


class Holder:
    """Applies what it was given."""

    def __init__(self, given: Any) -> None:
        self.given = given

    def __call__(self, x: Tensor) -> Tensor:
        output: Tensor = F.linear(x, self.given) if torch.is_tensor(self.given) else self.given(x)
        return output


def hooked() -> nn.Module:
    module = Keeping(lambda own: own.method)
    module.layer.register_forward_hook(lambda m, x, y: y + module.layer.weight.sum())
    return module


def gradient_hook(way: str) -> nn.Module:
    layer: Any = nn.Linear(3, 3)
    getattr(layer.bias, way)(lambda changed: None)
    module: nn.Module = layer
    return module


def remembering(*, in_list: bool) -> nn.Module:
    layer: Any = nn.Linear(3, 3)
    output = layer(torch.ones(3))
    layer.seen = [output] if in_list else output
    module: nn.Module = layer
    return module


class Routed(nn.Module):
    """Has a method and an attribute of names that mean something to RMN."""

    def __init__(self) -> None:
        super().__init__()
        self.token, self.mixture = nn.Parameter(torch.zeros(3)), 0.5

    def begin_task(self) -> None:
        """Do nothing."""


def patched() -> nn.Module:
    module: Any = nn.Linear(3, 3)
    module.forward = lambda x: 2 * x
    layer: nn.Module = module
    return layer


def quantised() -> nn.Module:
    kind: Any = torch.ao.nn.quantized.Linear
    made: nn.Module = kind(3, 3)
    return made


def pruned() -> nn.Module:
    layer = nn.Linear(3, 3)
    zeros: Any = prune.random_unstructured
    zeros(layer, "weight", 0.5)
    return layer


REFUSED = {
    "own forward": (lambda: Standardised(3, 3, 1), r"own_forward=\(Standardised,\)"),
    "set forward": (patched, "class of its own"),
    "list of parameters": (Listed, r"1 \(Listed .*known; use an nn.ParameterList"),
    "closure": (
        lambda: Keeping(lambda own: lambda x: own.layer(x)),
        "keeps parameters in kept; .* a method in place of a function",
    ),
    "default": (lambda: Keeping(lambda own: lambda x, f=own.layer: f(x)), "parameters in kept"),
    "partial": (
        lambda: Keeping(lambda own: partial(F.linear, weight=own.layer.weight)),
        "keeps parameters in kept",
    ),
    "object": (lambda: Keeping(lambda own: Holder(own.layer.weight)), "keeps parameters in kept"),
    "names": (Routed, "whose attribute begin_task has a name that RMN needs"),
    "lazy": (lambda: nn.LazyLinear(3), "first call the module with a batch"),
    "parametrized": (
        lambda: parametrizations.weight_norm(nn.Linear(3, 3)),
        r"remove_parametrizations\(module, 'weight'\)",
    ),
    "weight norm": (lambda: weight_norm(nn.Linear(3, 3)), r"remove_weight_norm\(module\)"),
    "spectral norm": (lambda: spectral_norm(nn.Linear(3, 3)), r"remove_spectral_norm\(module\)"),
    "pruned": (pruned, r"prune\.remove\(module, 'weight'\)"),
    "compiled": (lambda: torch.compile(nn.Linear(3, 3)), r"call compile\(\) of what convert"),
    "scripted": (lambda: torch.jit.script(nn.Linear(3, 3)), "scripted or traced"),
    "quantised": (quantised, "in floating point"),
    "data parallel": (lambda: nn.DataParallel(nn.Linear(3, 3)), r"convert its \.module"),
    "incremental": (lambda: IncrementalClassifier(3, 2), "nn.Linear with outputs for all classes"),
    "many heads": (lambda: MultiHeadClassifier(3, 2), "nn.Linear with outputs for all classes"),
    "multi-task": (MTSimpleMLP, "nn.Linear with outputs for all classes"),
    "converted": (lambda: convert(nn.Linear(3, 3)), "converted already"),
    "sparse": (lambda: nn.Embedding(3, 3, sparse=True), "use sparse=False"),
    "max norm": (lambda: nn.Embedding(3, 3, max_norm=1.0), "leave it out"),
    "hook": (lambda: gradient_hook("register_hook"), "bias with a hook on its gradient, .*remove"),
    "late hook": (
        lambda: gradient_hook("register_post_accumulate_grad_hook"),
        "bias with a hook on its gradient",
    ),
    "activation": (lambda: remembering(in_list=False), "attribute seen has the graph .*to None"),
    "activations": (lambda: remembering(in_list=True), "attribute seen has the graph .*to None"),
    "complex": (lambda: nn.Linear(3, 3, dtype=torch.cfloat), "of complex numbers"),
    "meta": (lambda: nn.Linear(3, 3, device="meta"), "load its weights"),
}


def test_a_hook_that_reads_the_module_around_it_is_named() -> None:
    with pytest.raises(ValueError, match=r"layer \(Linear with a hook that reads .* arguments"):
        convert(hooked())


@pytest.mark.parametrize(
    "keep",
    [
        lambda own: own.method,
        lambda own: partial(own.method),
        lambda own: Holder(own.layer),
        lambda own: lambda x: x.relu(),
    ],
    ids=["method", "partial of a method", "object with a layer", "function of its own"],
)
def test_what_is_copied_with_a_module_is_converted_with_it(keep: Callable[[Any], Any]) -> None:
    torch.manual_seed(0)
    module = Keeping(keep)
    network = convert(module, initialisation="open")
    x = torch.randn(4, 3)
    expected = module(x)
    assert torch.equal(network.eval()(x), expected)
    with torch.no_grad():
        module.layer.weight.zero_()  # the original is nothing to the copy
    assert torch.equal(network(x), expected)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_done_right_is_named_with_a_remedy(kind: str) -> None:
    make, remedy = REFUSED[kind]
    module = make()
    whole = nn.Sequential(nn.Linear(3, 3), module)
    with pytest.raises(ValueError, match=remedy) as refused:
        convert(whole)
    assert "; 1" not in str(refused.value)  # nothing inside it is named beside it
    assert f"1 ({type(module).__name__} " in str(refused.value)


def test_all_that_cannot_be_converted_is_named_at_once() -> None:
    module = nn.ModuleDict({"a": nn.LazyLinear(3), "b": nn.Linear(3, 3, device="meta")})
    with pytest.raises(ValueError, match=r"a \(LazyLinear .*; b \(Linear "):
        convert(module)


@pytest.mark.parametrize(
    ("thing", "named"),
    [
        (nn.Linear, "not Linear; make one first"),
        (torch.zeros(3), "not Tensor"),
        (lambda x: x, "not function"),
    ],
)
def test_what_is_no_module_is_refused(thing: Any, named: str) -> None:
    with pytest.raises(TypeError, match=named):
        convert(thing)


class Handwritten(nn.Module):
    """Multiplies by a matrix of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.matrix, self.head = nn.Parameter(torch.eye(9)), nn.Linear(9, 2)

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.head(x @ self.matrix)
        return output


def test_a_module_of_which_most_is_each_tasks_own_is_warned_of() -> None:
    with pytest.warns(UserWarning, match=r"own values of 82% of the parameters, of matrix for"):
        convert(Handwritten())


class Sequences(nn.Module):
    """Takes further inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.out = nn.Linear(3, 2)

    def forward(self, x: Tensor, lengths: Tensor | None = None, *, scale: float = 1.0) -> Tensor:
        output: Tensor = self.out(x if lengths is None else x / lengths[:, None]) * scale
        return output


class Labelled(Sequences):
    """Takes task labels, as modules of Avalanche do, and settings by name."""

    def forward(self, x: Tensor, task_labels: Any = None, *, scale: float = 1.0) -> Tensor:
        return super().forward(x, scale=scale)


def test_a_second_input_is_warned_of() -> None:
    with pytest.warns(UserWarning, match=r"Sequences takes lengths as a second input.*single one"):
        convert(Sequences())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        convert(Labelled())
        convert(nn.Sequential(Sequences()))  # which takes one


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16])
def test_numbers_too_short_for_relevances_are_warned_of(kind: torch.dtype) -> None:
    with pytest.warns(UserWarning, match=rf"weights are {kind}, .*train it under torch\.autocast"):
        convert(nn.Linear(3, 2).to(kind))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        convert(nn.Linear(3, 2))
        convert(nn.Linear(3, 2).double())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"beta": 0.0}, "beta is 0.0; it must be above 0"),
        ({"beta": float("nan")}, "beta is nan; it must be above 0"),
        ({"beta": float("inf")}, "beta is inf; it must be above 0 and finite"),
        ({"spread": -1.0}, "spread is -1.0"),
        ({"spread": float("nan")}, "spread is nan"),
    ],
)
def test_a_setting_out_of_its_range_is_refused(settings: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        convert(nn.Linear(3, 3), **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("classes", [nn.Linear, ["Linear"], (nn.Linear(3, 3),)])
def test_an_own_forward_that_names_no_classes_is_refused(classes: Any) -> None:
    with pytest.raises(TypeError, match=r"give classes: own_forward=\(CosineHead,\)"):
        convert(nn.Linear(3, 3), own_forward=classes)


@pytest.mark.parametrize("module", [nn.ReLU(), nn.LayerNorm(3), nn.Linear(3, 3)])
def test_a_module_without_a_weight_to_train_is_refused(module: nn.Module) -> None:
    with pytest.raises(ValueError, match=r"no Linear, Conv or other layer"):
        convert(module.requires_grad_(False))


def test_a_head_per_task_cannot_share_its_weight() -> None:
    module = nn.Sequential(nn.Embedding(4, 3), nn.Linear(3, 4))
    module[1].weight = module[0].weight
    with pytest.raises(ValueError, match="cannot share its weight"):
        convert(module, head="per-task")
    with pytest.raises(ValueError, match="must be a Linear layer, not Conv2d"):
        convert(nn.Conv2d(3, 3, 1), head="per-task")
