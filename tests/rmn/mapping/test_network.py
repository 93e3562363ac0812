"""Networks with relevance mappings: saved and loaded, copied, and with betas that are learned."""

import copy
import io
import pickle
from collections.abc import Callable, Sequence
from typing import Literal

import pytest
import torch
from avalanche.benchmarks import DatasetExperience
from avalanche.training.plugins import EvaluationPlugin, SupervisedPlugin
from avalanche.training.templates import SupervisedTemplate
from torch import Tensor, nn

from harness.training.networks import cifar_cnn, mlp, resnet18
from rmn import RMN, RelevanceNetwork, RMNPlugin, convert
from rmn.mapping.penalties import set_penalty_weights
from rmn.tasks.task_module import TaskModule
from rmn.tasks.values_per_task import ValuesPerTask

Experiences = Sequence[DatasetExperience]
Sets = list[tuple[Tensor, Tensor]]


def small() -> RelevanceNetwork:
    torch.manual_seed(0)
    return convert(nn.Sequential(nn.Linear(6, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.Linear(5, 3)))


def learner(model: RelevanceNetwork, plugins: Sequence[SupervisedPlugin] = ()) -> RMN:
    return RMN(
        model=model,
        optimizer=torch.optim.Adam(model.parameters(), lr=2e-3),
        rmn=RMNPlugin(l0_weight=0.3, pruning="late", prune_below=0.3),
        train_mb_size=64,
        train_epochs=2,
        plugins=plugins,
        evaluator=EvaluationPlugin(),
    )


@pytest.mark.parametrize("head", ["shared", "per-task"])
def test_a_saved_network_predicts_the_same_bits(
    experiences: Experiences, test_sets: Sets, head: Literal["shared", "per-task"]
) -> None:
    torch.manual_seed(0)
    model = convert(mlp(10), head=head)
    strategy = learner(model)
    for experience in experiences[:3]:
        strategy.train(experience)
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    file.seek(0)
    loaded = convert(mlp(10), head=head)
    loaded.load_state_dict(torch.load(file, weights_only=True))
    x, _ = test_sets[1]
    labels = torch.ones(len(x), dtype=torch.long)
    model.eval()
    loaded.eval()
    with torch.no_grad():
        assert torch.equal(loaded(x, labels), model(x, labels))
        assert torch.equal(loaded(x), model(x))
        assert torch.equal(loaded.logits_per_task(x), model.logits_per_task(x))


def test_a_network_saved_during_a_task_goes_on_where_it_was(
    experiences: Experiences, test_sets: Sets
) -> None:
    torch.manual_seed(0)
    model = convert(mlp(10))
    learner(model).train(experiences[0])
    model.begin_task(1, [2, 3])
    model.prune(0.5)
    loaded = convert(mlp(10))
    loaded.load_state_dict(model.state_dict())
    x, _ = test_sets[0]
    before = loaded.eval().forward_task(x, 0).detach()
    assert torch.equal(loaded.logits_per_task(x), model.eval().logits_per_task(x))
    optimizer = torch.optim.Adam(loaded.parameters(), lr=0.1)
    torch.autograd.backward(loaded.train()(x).square().mean())
    optimizer.step()
    loaded.restore_frozen_weights()
    assert torch.equal(loaded.eval().forward_task(x, 0), before)
    assert all(not mappings.mapping[mappings.pruned].any() for mappings in loaded.mappings)
    loaded.finish_task()
    assert loaded.labels == [0, 1]


@pytest.mark.parametrize("learn_beta", [False, True])
@pytest.mark.parametrize("limits", [(1, 2**40), (2**40, 1), (40, 1), (50, 40)])
def test_a_network_loads_what_one_with_other_groups_saved(
    limits: tuple[int, int], learn_beta: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    for limit in limits:
        monkeypatch.setattr("rmn.mapping.mappings.CACHE_SIZE", limit)
        layers = [nn.Linear(6, 5), nn.BatchNorm1d(5), nn.Linear(5, 4), nn.Linear(4, 3)]
        made.append(convert(nn.Sequential(*layers), learn_beta=learn_beta))
    saved, loaded = made
    sizes, others = ([len(group.weight) for group in model.mappings] for model in made)
    assert sizes != others
    for task in range(2):
        saved.begin_task(task, [])
        torch.autograd.backward(saved(torch.randn(4, 6)).sum())
        with torch.no_grad():
            for group in saved.mappings:
                group.beta += torch.rand_like(group.beta) if learn_beta else 7
        if not task:
            saved.finish_task()
    loaded.load_state_dict(saved.state_dict())
    x = torch.randn(4, 6)
    for model in made:
        model.eval()
    for available in saved.available_tasks:
        one, other = (model.forward_task(x, available) for model in made)
        assert torch.equal(one, other)
    pairs = zip(*(model.relevance_layers().values() for model in made), strict=True)
    for layer, same in pairs:
        assert torch.equal(layer.mapping, same.mapping)
        torch.testing.assert_close(layer.relevance, same.relevance)


def test_the_newest_mask_before_and_after_it_is_rounded() -> None:
    model = small()
    x = torch.randn(7, 6)
    for task in range(2):
        model.begin_task(task, [])
        with torch.no_grad():
            for group in model.mappings:
                group.mapping.uniform_(0.4, 0.6)
        model.train()(x)  # moves the running statistics
        model.finish_task()
        model.eval()
        first, last = model.relevance_layers().values()
        one, norm, relu, other = model.body.children()
        soft = [layer.weight * layer.relevance for layer in (first, last)]
        shifts = [layer.get_parameter("bias") for layer in (one, other)]
        slow = relu(norm(x @ soft[0].T + shifts[0])) @ soft[1].T + shifts[1]
        torch.testing.assert_close(model.newest_logits(x, rounded=False), slow)
        rounded = model.newest_logits(x, rounded=True)
        assert torch.equal(rounded, model.forward_task(x, task))
        assert not torch.allclose(rounded, slow)
    model.train()
    with pytest.raises(RuntimeError, match=r"in training mode; call eval\(\) first"):
        model.newest_logits(x, rounded=False)


def test_a_network_of_other_layers_is_refused() -> None:
    saved, loaded = (convert(nn.Linear(6, width)) for width in (5, 4))
    with pytest.raises(RuntimeError, match="size mismatch"):
        loaded.load_state_dict(saved.state_dict())


def test_a_network_of_layers_of_as_many_weights_is_refused() -> None:
    saved, loaded = (convert(nn.Linear(*sizes, bias=False)) for sizes in ((6, 4), (4, 6)))
    with pytest.raises(RuntimeError, match=r"size mismatch .*saved \[4, 6\], here \[6, 4\]"):
        loaded.load_state_dict(saved.state_dict())


FORMATS = {"contiguous_format": torch.contiguous_format, "channels_last": torch.channels_last}


@pytest.mark.parametrize("here", FORMATS)
@pytest.mark.parametrize("there", FORMATS)
def test_a_network_in_another_memory_layout_is_refused(here: str, there: str) -> None:
    layers = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 5, 1), nn.Flatten())
    saved, loaded = (
        convert(copy.deepcopy(layers).to(memory_format=FORMATS[name])) for name in (there, here)
    )
    saved.begin_task(0, [])
    saved.finish_task()
    if here == there:
        loaded.load_state_dict(saved.state_dict())
        x = torch.randn(2, 3, 3, 3)
        assert torch.equal(loaded.eval()(x, 0), saved.eval()(x, 0))
        return
    with pytest.raises(RuntimeError, match=f"weight 0 was saved.*memory_format=torch.{there}\\)"):
        loaded.load_state_dict(saved.state_dict())


def test_names_in_the_state_dict_stay() -> None:
    model = small()
    model.begin_task(0, [])
    model.finish_task()
    assert set(model.state_dict()) == {
        *(f"mappings.0.{name}" for name in ("weight", "mapping", "beta", "uses", "pruned")),
        *(f"weights.{number}.packed" for number in (0, 1)),
        *(f"body.{number}.bias" for number in (0, 3)),
        *(f"body.{number}.finished_bias" for number in (0, 3)),
        *(f"body.{number}._extra_state" for number in (0, 1, 3)),
        *(f"body.1.{name}" for name in ("weight", "bias", "running_mean", "running_var")),
        *(f"body.1.finished_{name}" for name in ("weight", "bias", "running_mean", "running_var")),
        *("body.1.num_batches_tracked", "_extra_state"),
    }


@pytest.mark.parametrize("change", [copy.deepcopy, lambda model: model.double()])
def test_layers_see_the_values_of_a_copied_or_converted_network(
    change: Callable[[RelevanceNetwork], RelevanceNetwork],
) -> None:
    model = change(small())
    model.begin_task(0, [])
    (mappings,) = model.mappings
    x = torch.randn(4, 6, dtype=mappings.weight.dtype)
    before = model(x)
    with torch.no_grad():
        mappings.weight.mul_(2)
    for layer in model.relevance_layers().values():
        assert layer.weight.untyped_storage().data_ptr() == mappings.weight.data_ptr()
        assert layer.weight.dtype == mappings.weight.dtype
    assert not torch.equal(model(x), before)


class Copying(SupervisedPlugin):
    def __init__(self) -> None:
        super().__init__()
        self.copies: list[RelevanceNetwork] = []

    def after_training_epoch(self, strategy: SupervisedTemplate, **kwargs: object) -> None:
        self.copies.append(copy.deepcopy(strategy.model))


def test_a_network_can_be_copied_while_it_learns(experiences: Experiences, test_sets: Sets) -> None:
    torch.manual_seed(0)
    copying, model = Copying(), convert(mlp(10))
    learner(model, [copying]).train(experiences[0])
    x, _ = test_sets[0]
    live = copying.copies[-1].eval().forward_task(x, None)
    assert torch.equal(live, model.eval().forward_task(x, 0))


def test_beta_can_be_learned(experiences: Experiences) -> None:
    torch.manual_seed(0)
    model = convert(mlp(10), learn_beta=True, beta=10.0)
    learner(model).train(experiences[0])
    (mappings,) = model.mappings
    betas = mappings.beta.tolist()
    assert len(betas) == len(model.relevance_layers())
    assert all(beta != 10.0 for beta in betas)
    assert len(set(betas)) == len(betas)


@pytest.mark.parametrize("make", [cifar_cnn, resnet18])
def test_one_shot_inference_in_one_pass_is_that_of_a_pass_per_task(
    make: Callable[[int], nn.Module], monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    network = convert(make(10)).double()
    for task in range(4):
        network.begin_task(task, [])
        network.train()
        network(task + torch.randn(16, 3, 32, 32, dtype=torch.double))
        network.finish_task()
    network.eval().float()
    x = torch.randn(4, 3, 32, 32)
    found = network.infer_task_in_one_shot(x)
    monkeypatch.setattr(ValuesPerTask, "forward_mixture", TaskModule.forward_mixture)
    assert torch.equal(found, network.infer_task_in_one_shot(x))


@pytest.mark.parametrize("router", [None, "feature-gaussian"])
@pytest.mark.parametrize("mixed_precision", [False, True])
def test_logits_of_tokens_have_a_type_of_their_own(
    router: str | None, mixed_precision: bool
) -> None:
    """Tasks of several labels are answered at once, and so are inputs without a label."""
    torch.manual_seed(0)
    model = convert(nn.Sequential(nn.Embedding(9, 6), nn.Flatten(), nn.Linear(30, 4)))
    if router:
        model.attach_router(router, 4)
    x = torch.randint(0, 9, (20, 5))
    for label in range(2):
        model.begin_task(label, [])
        model.finish_task()
        if model.router:
            model.router.begin_task()
            model.router.partial_fit(x, torch.arange(20) % 4, model.eval())
            model.router.finish_task()
    labels = torch.arange(20) % 2
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=mixed_precision):
        each = model.eval().logits_per_task(x)
        answers = model(x, None if router else labels)
    assert answers.dtype == each.dtype == (torch.bfloat16 if mixed_precision else torch.float32)
    if router is None:
        torch.testing.assert_close(answers, each[labels, torch.arange(20)])


class Placed(nn.Module):
    """Adds a frozen position embedding."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(6, 3)
        self.places = nn.Parameter(torch.randn(6), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.layer(x + self.places)
        return output


CHANGED: dict[str, Callable[[RelevanceNetwork], RelevanceNetwork]] = {
    "copied": copy.deepcopy,
    "pickled": lambda network: pickle.loads(pickle.dumps(network)),
    "cast": lambda network: network.double(),
    "loaded and cast": lambda network: loaded_from(network).double(),
}


def loaded_from(network: RelevanceNetwork) -> RelevanceNetwork:
    loaded = convert(Placed())
    loaded.load_state_dict(network.state_dict())
    return loaded


@pytest.mark.parametrize("change", CHANGED)
def test_a_task_goes_on_in_a_network_that_was_copied_or_cast(change: str) -> None:
    torch.manual_seed(0)
    network, x = convert(Placed()), torch.randn(7, 6)
    network.begin_task(0, [])
    network.finish_task()
    before = network.eval()(x, 0).detach()
    network.begin_task(1, [])
    network.prune(0.5)
    set_penalty_weights(network.mappings, l0_weight=0.3, l0_scarcity=1.0, overlap_weight=0.1)
    network.train()(x)  # a step in progress is not copied
    other = CHANGED[change](network)
    kind = other.mappings[0].weight.dtype
    x = x.to(kind)
    optimizer = torch.optim.SGD(other.parameters(), lr=0.1, momentum=0.9)
    for _ in range(2):
        torch.autograd.backward(other.train()(x).square().mean() + other.relevance_penalty)
        optimizer.step()
        other.restore_frozen_weights()
    assert all(not group.mapping[group.pruned].any() for group in other.mappings)
    answers = [other.eval()(x, 0)]
    other.finish_task()
    answers.append(other(x, 0))
    for answer in answers:
        assert answer.dtype == kind
        if kind is torch.float32:
            assert torch.equal(answer, before)
        torch.testing.assert_close(answer.float(), before)


def test_a_copied_network_has_no_step_in_progress() -> None:
    network = small()
    network.begin_task(0, [])
    set_penalty_weights(network.mappings, l0_weight=0.3, l0_scarcity=1.0, overlap_weight=0.0)
    network.train()(torch.randn(4, 6))
    assert network.relevance_penalty.item() > 0
    copied = copy.deepcopy(network)
    assert copied.relevance_penalty.item() == 0
    assert not any(group.soft_weights for group in copied.mappings)
    assert all(group.soft_weights for group in network.mappings)
