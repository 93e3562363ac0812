"""Whole runs on an accelerator, or on a pretended one where the machine has none.

What a processor forgives, an accelerator does not: operands that lie elsewhere, results that go to
numpy without a copy. `Pretended` computes on the processor and refuses what CUDA would refuse.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import asdict, replace
from typing import Any, Literal

import pytest
import torch
from torch import Tensor, nn
from torch.multiprocessing.reductions import StorageWeakRef
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from baselines.context import Context
from baselines.interface import Baseline
from baselines.registry import methods
from harness.config.benchmarks import BENCHMARKS
from harness.config.plan import is_compatible
from harness.config.run import Run
from harness.config.scenarios import CLASS_IL, TASK_IL, under_scenario
from harness.data.streams import Stream
from harness.evaluation.labelled import evaluate_labelled
from harness.experiment.experiment import run_experiment

ACCELERATOR = torch.device("cuda", 0)
CPU = torch.device("cpu")
ATEN = torch.ops.aten
COPIES = {ATEN.copy_.default, ATEN._to_copy.default}
INDEXES = {
    ATEN.index.Tensor,
    ATEN.index_put.default,
    ATEN.index_put_.default,
    ATEN._index_put_impl_.default,
}


class Moved:
    """Which storages are on the accelerator."""

    def __init__(self) -> None:
        self._known: dict[
            int, StorageWeakRef
        ] = {}  # holding a weak reference keeps the address from being used again

    def __contains__(self, tensor: Tensor) -> bool:
        return tensor.untyped_storage()._cdata in self._known

    def add(self, tensor: Tensor) -> None:
        reference = StorageWeakRef(tensor.untyped_storage())  # type: ignore[no-untyped-call]
        self._known[reference.cdata] = reference

    def discard(self, tensor: Tensor) -> None:
        self._known.pop(tensor.untyped_storage()._cdata, None)


class Kernels(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Refuses operands on two devices; results are where the operands are."""

    def __init__(self, moved: Moved) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.moved = moved
        self.within = False  # a function of tensors on the accelerator, whose parts are there too

    def __torch_dispatch__(
        self,
        function: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        tensors = [t for t in tree_leaves((args, kwargs)) if isinstance(t, Tensor)]
        there = [tensor in self.moved for tensor in tensors]
        here = [t.dim() > 0 and not on for t, on in zip(tensors, there, strict=True)]
        copying = function in COPIES or (function in INDEXES and there[0])  # indices may be here
        if any(there) and any(here) and not copying:
            shapes = [tuple(tensor.shape) for tensor in tensors]
            raise RuntimeError(f"{function}: {shapes} are on two devices, {there}")
        result = function(*args, **(kwargs or {}))
        if (there[0] if copying else any(there)) if there else self.within:
            for tensor in tree_leaves(result):
                if isinstance(tensor, Tensor):
                    self.moved.add(tensor)
        return result


class Calls(TorchFunctionMode):
    """Puts tensors where a call says, and answers where they are."""

    def __init__(self, kernels: Kernels) -> None:
        super().__init__()
        self.kernels, self.moved = kernels, kernels.moved

    def __torch_function__(
        self,
        function: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = dict(kwargs or {})
        first: Any = args[0] if args and isinstance(args[0], Tensor) else None
        if function == Tensor.device.__get__:
            return ACCELERATOR if first in self.moved else CPU
        if function == Tensor.numpy and first in self.moved:
            raise TypeError("a tensor on the accelerator cannot become an array")
        if function == Tensor.backward:  # the backward passes of our own functions are ours as well
            with self:
                return torch.autograd.backward(first, retain_graph=kwargs["retain_graph"])
        if function == Tensor.cpu:
            function, args = Tensor.to, (first, CPU)
        target = None
        if function == Tensor.to:
            target = next(filter(None, map(self._device, args[1:])), None)
            named = (str, torch.device)
            args = (first, *(CPU if isinstance(word, named) else word for word in args[1:]))
        if kwargs.get("device") is not None:
            target, kwargs["device"] = torch.device(kwargs["device"]), CPU
        tensors = [t for t in tree_leaves((args, kwargs)) if isinstance(t, Tensor)]
        self.kernels.within = any(tensor in self.moved for tensor in tensors)
        result = function(*args, **kwargs)
        self.kernels.within = False
        if target is None or (result in self.moved) == (target.type != "cpu"):
            return result
        result = result.clone() if first is not None else result
        (self.moved.discard if target.type == "cpu" else self.moved.add)(result)
        return result

    def _device(self, word: Any) -> torch.device | None:
        if isinstance(word, Tensor):
            return ACCELERATOR if word in self.moved else CPU
        return torch.device(word) if isinstance(word, str | torch.device) else None


class Pretended(ExitStack):
    """Everything inside the context runs as if there were an accelerator."""

    def __enter__(self) -> Pretended:
        self.enter_context(kernels := Kernels(Moved()))
        self.enter_context(Calls(kernels))
        return super().__enter__()


def accelerator() -> AbstractContextManager[Any]:
    return nullcontext() if torch.cuda.is_available() else Pretended()


@pytest.mark.parametrize(
    "mistake",
    [
        lambda there, here: there + here,
        lambda there, here: nn.Linear(3, 2)(there),
        lambda there, here: torch.cat([there, here]),
        lambda there, here: here[torch.zeros(1, dtype=torch.long, device=there.device)],
        lambda there, here: there.numpy(),
        lambda there, here: torch.zeros_like(there) * torch.ones_like(here),
        lambda there, here: there.cpu() + torch.zeros(3, device=there.device),
    ],
)
def test_mistakes_are_refused(mistake: Callable[[Tensor, Tensor], Any]) -> None:
    with accelerator():
        here = torch.ones(2, 3)
        there = here.to(ACCELERATOR)
        assert (there.device, here.device, there.cpu().device) == (ACCELERATOR, CPU, CPU)
        assert (there[torch.tensor([1])] + torch.tensor(1)).device == ACCELERATOR
        with pytest.raises((RuntimeError, TypeError)):
            mistake(there, here)


def run_of(method: type[Baseline], scenario: str) -> Run:
    labelled = is_compatible(BENCHMARKS["split_mnist"], method)
    scenario = scenario if labelled else CLASS_IL
    benchmark = "split_mnist" if labelled else "split_mnist_unsupervised"
    training = replace(
        BENCHMARKS[benchmark].budgets["smoke"],
        batch_size=32,
        tasks=2,
        train_examples=512,
        test_examples=64,
    )
    settings = asdict(method())
    if "every_router" in settings:
        settings["every_router"] = True
    training = under_scenario(BENCHMARKS[benchmark], scenario, method, training)
    return Run(
        benchmark=benchmark,
        scenario=scenario,
        baseline=method.name,
        settings=settings,
        profile="smoke",
        training=asdict(training),
        seed=0,
        versions={"rows": 1},
    )


@pytest.mark.parametrize("scenario", [TASK_IL, CLASS_IL])
@pytest.mark.parametrize("name", methods())
def test_every_method_learns_on_an_accelerator(name: str, scenario: str) -> None:
    with accelerator():
        run = run_of(methods()[name], scenario)
        rows = run_experiment(run, device="cuda", data=None, report=lambda _: None).rows
    last = rows[(rows["metric"] == "accuracy") & (rows["after"] == 2)]
    assert last["value"].mean() > 0.4


CONVOLUTIONAL = [
    *("naive", "ewc", "si", "mas", "rwalk", "lwf", "gpm", "agem", "derpp", "replay"),
    *("hat", "single", "rmn", "vcl", "vcl_coreset", "ags_cl", "mega", "dlp"),
]


def small_cnn() -> nn.Sequential:
    layers = [nn.Conv2d(1, 8, 5, stride=2, bias=False), nn.BatchNorm2d(8), nn.ReLU()]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(8 * 12 * 12, 10, bias=False))


@pytest.mark.parametrize("head", ["shared", "per-task"])
@pytest.mark.parametrize("name", CONVOLUTIONAL)
def test_convolutions_and_heads(
    name: str, head: Literal["shared", "per-task"], context: Context, stream: Stream
) -> None:
    with accelerator():
        strategy = methods()[name]().build(
            replace(
                context,
                network=lambda: small_cnn().to(ACCELERATOR),
                device=ACCELERATOR,
                head=head,
            )
        )
        for after in range(3):
            given = (strategy, stream.benchmark, TASK_IL, stream.test, after, ACCELERATOR)
            rows = list(evaluate_labelled(*given, matrix="whole"))
            strategy.train(stream.experiences[after], reset_optimizer_state=True)
    assert {row["task"] for row in rows} == {1, 2, 3, 4, 5}
