"""A network whose tasks have relevance mappings over shared weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from rmn.mapping.checkpoint import layouts, other_layouts, regroup_state_dict
from rmn.mapping.constant_buffers import ConstantBuffers
from rmn.mapping.flat_views import FlatView, concatenate_views
from rmn.mapping.later_changes import check_unchanged
from rmn.mapping.mappings import RelevanceMappings, compute_soft_weights
from rmn.mapping.transfer import Origin
from rmn.mapping.weights import FixedWeight, RelevanceWeight
from rmn.tasks.features import check_last_layer, last_layer, layers_called
from rmn.tasks.network import TaskNetwork, answered_apart
from rmn.tasks.routing import ROUTERS, Router
from rmn.tasks.values_per_task import ValuesPerTask

_NEEDS_MORE_VALUES: Final = "more than 1 value per channel"
"""What BatchNorm says of a single example; it knows nothing of where a batch comes from."""


class RelevanceNetwork(TaskNetwork):
    """A network with one relevance mapping per task; `rmn.convert` makes it.

    `state_dict` includes a task that is being learned, and the router with its statistics if there
    is one, but not the penalty weights, which the plugin sets. A network converted on a GPU groups
    its layers in another way than one converted on a processor; each loads the state of the other.

    Args:
        body: the module that computes the logits; its modules take the values of `weights`.
        mappings: `RelevanceMappings` of the weights, in the order of the weights.
        weights: by their names in the original module; "weight" is left out of a name.
        preserve_signals: divide each weight, when the first task begins, by the root mean square
            relevance that its mapping has now: new mappings damp the signals of each layer to a
            half or less, which without BatchNorm nothing else corrects.
        rule: rule of task inference, one of `rmn.tasks.inference.RULES`.
        finds_last_layer: whether the last layer was treated apart, so that it must be the one that
            computes the logits.

    Attributes:
        router: names the task of an input whose label does not; None for `rule` alone.
        relevance_penalty: sum over all weights of penalty weight times relevance in the training
            step in progress, a scalar; zero outside one.
    """

    mappings: Sequence[RelevanceMappings]

    def __init__(
        self,
        body: nn.Module,
        mappings: Sequence[RelevanceMappings],
        weights: Mapping[str, RelevanceWeight],
        *,
        preserve_signals: bool = False,
        rule: str = "max-logit",
        finds_last_layer: bool = False,
    ) -> None:
        super().__init__(body, rule=rule)
        self.router: Router | None = None
        self.mappings = cast(Sequence[RelevanceMappings], nn.ModuleList(mappings))
        self.weights = nn.ModuleList(weights.values())
        self._relevance_layers = dict(weights)
        self._views = concatenate_views(group.views for group in mappings)
        self._damping = [
            (weight, weight.relevance.detach().square().mean().sqrt())
            for weight in self._mapped_weights().values()
            if preserve_signals
        ]
        self._constants = ConstantBuffers(body, _buffers_that_change)
        self._is_first_step = True
        self._checks_last_layer = finds_last_layer
        self.relevance_penalty = torch.zeros(())
        self.training = body.training
        for part in self.children():
            if part is not body:  # whose modules may each have a mode of their own
                part.train(body.training)
        self.register_load_state_dict_post_hook(_restore_live_task)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the training step in progress, whose graph cannot be copied."""
        state: dict[str, Any] = super().__getstate__()
        return state | {"relevance_penalty": torch.zeros(())}

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        regroup_state_dict(self.mappings, state_dict, f"{prefix}mappings.")
        saved = state_dict.get(f"{prefix}_extra_state", {})
        if saved.get("router") is not None and self.router is None:
            self.attach_router(*saved["router"])
        if "layouts" in saved:  # not in states of version 0.1
            errors = cast(list[str], rest[-1])
            errors.extend(other_layouts(saved["layouts"], self._views_by_name()))
        super()._load_from_state_dict(state_dict, prefix, *rest)

    def begin_task(self, label: int, classes: Sequence[int]) -> None:
        """Begin to learn a task, with newly initialised mappings and BatchNorms of its own.

        Args:
            label: task label, which selects the task later.
            classes: classes of the task; empty if they are unknown, then all of them.

        Raises:
            RuntimeError: a task of another label is being learned, weights have changed since the
                last one was finished, or since the conversion a parameter was added to the module
                or frozen.
        """
        self._check_none_is_lost(label)
        check_unchanged(self.body)
        for mappings in self.mappings:
            mappings.check_finished_weight()
        for weight, damping in self._damping:
            weight.weight.data /= damping
        self._damping = []
        self._constants.remember(is_first_task=not self.tasks)
        self._is_first_step = True
        for mappings in self.mappings:
            mappings.begin_task()
        super().begin_task(label, classes)

    def attach_router(self, name: str, outputs: int) -> None:
        """Let a new router name the task of each input whose label does not (`rmn.tasks.routing`).

        It knows no task yet, and has to be fitted to each one that is learned.

        Args:
            name: one of `rmn.tasks.routing.ROUTERS`.
            outputs: number of logits.

        Raises:
            ValueError: there is no such router, or tasks have been learned that it would not know.
        """
        if name not in ROUTERS:
            raise ValueError(f"router is {name!r}; use one of {tuple(ROUTERS)}")
        if self.tasks > 1:
            raise ValueError(
                f"the network has learned {self.tasks} tasks without a router; give it one from "
                "the first task on"
            )
        self.router = ROUTERS[name](outputs)
        self.rule = name

    def begin_from(self, origin: Origin) -> None:
        """Let the live mappings lean towards the mask of a learned task.

        Args:
            origin: the task, and the layer that is left as it was drawn.
        """
        layer = origin.output_layer
        drawn = None if layer is None else self._weight_of(layer)
        for weight in self._mapped_weights().values():
            if weight is not drawn:
                weight.group.incline(weight.view, weight.masks()[origin.task])

    def close_outputs(self, classes: Sequence[int]) -> None:
        """Close the last layer's mapping for outputs of other classes, for the rest of the task.

        For a loss over the task's own outputs, which would leave the others' entries as they were
        drawn, and half of the weights of tasks to come frozen. Nothing is closed where the last
        layer has no mapping.

        Args:
            classes: of the live task.
        """
        weight = self.last_weight()
        self._checks_last_layer = True
        if weight is not None:
            closed = torch.ones(weight.view.shape, dtype=torch.bool, device=weight.mapping.device)
            closed[list(classes)] = False
            weight.group.close(weight.view, closed)

    def last_weight(self) -> RelevanceWeight | None:
        """The last layer's weight; None if it has no mapping."""
        return self._weight_of(last_layer(self.body))

    def finish_task(self) -> None:
        """Append the live task to the learned ones, and freeze the weights that it uses.

        Raises:
            RuntimeError: no task was begun, or a buffer has changed that all tasks share.
            FloatingPointError: weights or mappings are infinite or not numbers. Finished tasks
                answer as before.
        """
        self._constants.check()
        self.restore_frozen_weights()  # in case that a loop of one's own has not
        self._check_finite()
        super().finish_task()
        for weight in self._relevance_layers.values():
            weight.finish_task()
        for mappings in self.mappings:
            mappings.finish_task()
        self.relevance_penalty = torch.zeros(())

    def forward_task(self, x: Tensor, task: int | None) -> Tensor:
        """Logits under one task, (n, outputs).

        Args:
            x: inputs, (n, ...).
            task: index of a learned task; None for the live task.

        Raises:
            RuntimeError: in training mode, where no task was begun.
            ValueError: a BatchNorm is to be trained with a single example, or the last layer is
                treated apart and is not the one that computes the logits.
        """
        if self.training and task is None:
            if self._live is None:
                raise RuntimeError(
                    "no task is being learned: training would belong to none, and change those "
                    "that are finished; train by rmn.RMN or with rmn.RMNPlugin, or call begin_task "
                    "first"
                )
            self.relevance_penalty = compute_soft_weights(self.mappings, self._views)
            if len(x) == 1:
                return self._forward_single_example(x)
            if self._checks_last_layer and not torch.compiler.is_compiling():
                return self._forward_checked(x)
        return super().forward_task(x, task)

    def forward(self, x: Tensor, task_labels: Tensor | ArrayLike | int | None = None) -> Tensor:
        """Logits, (n, outputs).

        Args:
            x: inputs, (n, ...).
            task_labels: one label for all inputs, one for each, (n,), or None.

        Raises:
            RuntimeError: the rule needs gradients, and the live task is a candidate; weights have
                changed since the last task was finished; or this is a copy into which the weights
                of a network were copied that has learned a task since.
            ValueError: the task labels are several for each input, as a second input would be, or
                the outputs are no logits (n, outputs) and need one task label for all.
        """
        if not self.training and not self.tasks and any(one.uses.any() for one in self.mappings):
            raise RuntimeError(
                "this copy of a network has weights of tasks that it does not know; make a new "
                "copy (an AveragedModel, for example) after each task"
            )
        return super().forward(x, task_labels)

    def tighten(self, last_beta: float, *, step: int, steps: int) -> None:
        """Raise beta to its value at an optimizer step; one that is learned is left alone.

        Call it before the step's forward pass.

        Args:
            last_beta: beta in the last step.
            step: number of the step, from 0.
            steps: number of steps of the task.
        """
        for mappings in self.mappings:
            mappings.tighten(last_beta, step=step, steps=steps)

    @torch.no_grad()
    def newest_logits(self, x: Tensor, *, rounded: bool) -> Tensor:
        """Logits under the live mask, or the one finished last, (n, outputs).

        The mapping of a finished task stays until the next one begins, so that what rounding does
        to it can be measured. BatchNorm is in evaluation mode either way.

        Args:
            x: inputs, (n, ...).
            rounded: whether relevances are rounded to zero and one, as they are stored.

        Raises:
            RuntimeError: the network is in training mode.
        """
        if self.training:
            raise RuntimeError("the network is in training mode; call eval() first")
        if rounded:
            return super().forward_task(x, None)
        compute_soft_weights(self.mappings, self._views)
        layers = self._relevance_layers.values()
        for layer in layers:
            layer.train()  # takes the soft weights
        try:
            return super().forward_task(x, None)
        finally:
            for layer in layers:
                layer.eval()
            for mappings in self.mappings:
                mappings.soft_weights = ()

    def restore_frozen_weights(self) -> None:
        """Undo what the optimizer did to frozen weights and to pruned entries.

        Call it after each optimizer step.

        Raises:
            RuntimeError: the first step of a task has changed a buffer that all tasks share.
        """
        if self._is_first_step:
            self._constants.check()
            self._is_first_step = False
        for mappings in self.mappings:
            mappings.restore_frozen_weights()
        self.relevance_penalty = torch.zeros(())

    def prune(self, mu: float) -> None:
        """Set live entries whose relevance is at most `mu` to zero, for the rest of the task."""
        for mappings in self.mappings:
            mappings.prune(mu)

    def task_tensors(self, task: int) -> Iterator[Tensor]:
        """All tensors that determine the logits under learned task number `task`."""
        yield from super().task_tensors(task)
        for weight in self._relevance_layers.values():
            yield from weight.task_tensors(task)

    def inference_tensors(self) -> list[Tensor]:
        """All tensors that predictions are made from, and nothing that only learning needs.

        Of a live task they have what would be stored of it if it were finished now.
        """
        live = self._live is not None
        weights = self._relevance_layers.values()
        own = [tensor for weight in weights for tensor in weight.inference_tensors(live=live)]
        routing = self.router.inference_tensors() if self.router else []
        return [*super().inference_tensors(), *own, *routing]

    def relevance_layers(self) -> dict[str, RelevanceWeight]:
        """The weights with relevance mappings by their names in the original module.

        That of a layer has the layer's name; where a module has several, each has its own after it,
        as in "encoder.in_proj_weight".
        """
        return self._relevance_layers

    def get_extra_state(self) -> dict[str, Any]:
        """What `state_dict` stores beside tensors."""
        router = (self.rule, self.router.outputs) if self.router else None
        layout = layouts(self._views_by_name())
        return {**super().get_extra_state(), "router": router, "layouts": layout}

    def _forward_inferred(self, x: Tensor, candidates: Sequence[int | None]) -> Tensor:
        """Logits under the task that the router names; a task that is being learned is none yet."""
        learned = [task for task in candidates if task is not None]
        if self.router is None or not learned:
            return super()._forward_inferred(x, candidates)
        scores = self.router.scores(x, _LearnedTasks(self))[learned]
        named = torch.tensor(learned, device=x.device)[scores.argmax(0)]
        return answered_apart(x, named, self.forward_task)

    def _forward_checked(self, x: Tensor) -> Tensor:
        """Logits under the live task, (n, outputs), and whether the last layer computes them."""
        with layers_called(self.body) as called:
            logits = super().forward_task(x, None)
        check_last_layer(self.body, called, logits)
        self._checks_last_layer = False
        return logits

    def _forward_single_example(self, x: Tensor) -> Tensor:
        """Logits of one example, (1, outputs), under the live task in training mode."""
        try:
            return super().forward_task(x, None)
        except ValueError as error:
            if _NEEDS_MORE_VALUES not in str(error):
                raise
            raise ValueError(
                "a batch of a single example cannot train BatchNorm; choose a train_mb_size that "
                "leaves no such batch at the end of an experience, or give Avalanche's train "
                "drop_last=True"
            ) from error

    def _weight_of(self, layer: nn.Module) -> RelevanceWeight | None:
        """The weight of a layer of the body; None if it has no mapping."""
        names = {module: name for name, module in self.body.named_modules()}
        return self._mapped_weights().get(names[layer])

    def _mapped_weights(self) -> dict[str, RelevanceWeight]:
        """The weights with a mapping by their names, without those that are fixed."""
        layers = self._relevance_layers.items()
        return {name: weight for name, weight in layers if not isinstance(weight, FixedWeight)}

    def _views_by_name(self) -> dict[str, FlatView]:
        """Where the values of each weight with a mapping lie."""
        return {name: weight.view for name, weight in self._mapped_weights().items()}

    def _check_finite(self) -> None:
        """Refuse a task that has diverged: with its weights finished ones would be lost.

        Raises:
            FloatingPointError: weights or mappings are infinite or not numbers.
        """
        if all(mappings.is_finite() for mappings in self.mappings):
            return
        for mappings in self.mappings:
            mappings.recover_frozen_weights()
        raise FloatingPointError(
            f"training has diverged in task {self.tasks + 1}: weights or mappings are infinite or "
            "not numbers; lower the learning rate, look for such numbers in the data, and train "
            "the task again on a network that was saved before it"
        )

    def masks(self) -> Mapping[str, Tensor]:
        """Per layer, the masks of the learned tasks, bool, (tasks, *weight shape)."""
        return {name: layer.masks() for name, layer in self._relevance_layers.items()}


class _LearnedTasks:
    """A network without the task that is being learned, which no router knows.

    Args:
        network: the network.
    """

    def __init__(self, network: RelevanceNetwork) -> None:
        self.network = network

    def logits_per_task(self, x: Tensor) -> Tensor:
        """Logits of inputs x (n, ...) under every learned task, (tasks, n, outputs)."""
        return self.network.logits_per_task(x)[: self.network.tasks]

    def features_per_task(self, x: Tensor) -> Tensor:
        """Inputs of the last layer under every learned task, (tasks, n, d)."""
        return self.network.features_per_task(x)[: self.network.tasks]


def _buffers_that_change(body: nn.Module) -> Iterator[Tensor]:
    """Buffers with a value for each task, and those of a BatchNorm that tasks share by choice."""
    for module in body.modules():
        if isinstance(module, ValuesPerTask):
            yield from module.changing_buffers()
        elif isinstance(module, _BatchNorm):
            yield from module.buffers(recurse=False)


def _restore_live_task(network: RelevanceNetwork, _: Any) -> None:
    learning = None in network.available_tasks
    for mappings in network.mappings:
        mappings.restore_live_task() if learning else mappings.release()
    if learning or network.labels:
        network._damping = []
    network._constants.remember(is_first_task=not network.tasks)
