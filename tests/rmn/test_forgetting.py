"""RMN forgets nothing: what old tasks compute is the same to the last bit."""

import copy
import io
import warnings

import pytest
import torch
from avalanche.benchmarks import benchmark_from_datasets
from avalanche.benchmarks.utils import as_classification_dataset
from avalanche.training.plugins import EvaluationPlugin, SupervisedPlugin
from torch import nn
from torch.utils.data import TensorDataset

from harness.training.networks import mlp
from rmn import RMN, RMNPlugin, convert, parameter_groups
from rmn.tasks.layers import TaskBatchNorm

OPTIMIZERS = {
    "adam": lambda p: torch.optim.Adam(p, lr=2e-3),
    "momentum": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True),
    "weight decay": lambda p: torch.optim.AdamW(p, lr=2e-3, weight_decay=0.1),
}


def learner(optimizer="adam", plugin=None, epochs=2, **conversion):
    torch.manual_seed(0)
    model = convert(mlp(10), **conversion)
    return RMN(
        model=model,
        optimizer=OPTIMIZERS[optimizer](model.parameters()),
        rmn=plugin,
        train_mb_size=64,
        train_epochs=epochs,
        evaluator=EvaluationPlugin(),
    )


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("plugin", [{}, {"prune_epoch": 1, "prune_below": 0.5}])
def test_old_logits_are_bit_identical(stream, optimizer, plugin):
    strategy = learner(optimizer, RMNPlugin(l0_weight=0.3, **plugin))
    x = stream.test[0].inputs()
    before, fingerprints = [], []
    for experience in stream.experiences[:3]:
        strategy.train(experience)
        strategy.model.eval()
        with torch.no_grad():
            before.append(strategy.model.forward_task(x, len(before)))
        fingerprints.append(strategy.fingerprint(len(fingerprints)))
    with torch.no_grad():
        assert torch.equal(torch.stack(before), strategy.logits_per_task(x))
    assert [strategy.fingerprint(task) for task in range(3)] == fingerprints
    assert len(set(fingerprints)) == 3


def test_a_shared_batch_norm_forgets(stream):
    strategy = learner(batch_norm="shared")
    x = stream.test[0].inputs()
    strategy.train(stream.experiences[0])
    strategy.model.eval()
    before, fingerprint = strategy.model.forward_task(x, 0), strategy.fingerprint(0)
    strategy.train(stream.experiences[1])
    strategy.model.eval()
    assert not torch.equal(before, strategy.model.forward_task(x, 0))
    assert strategy.fingerprint(0) != fingerprint


@pytest.mark.parametrize("head", ["shared", "per-task"])
def test_a_fingerprint_is_of_what_decides_and_of_nothing_else(stream, head):
    strategy = learner(head=head)
    for experience in stream.experiences[:2]:
        strategy.train(experience)
    strategy.model.eval()
    x, model = stream.test[0].inputs(), strategy.model
    (name, layer), *_ = model.relevance_layers().items()
    used = strategy.masks()[name][0]
    norm = next(m for m in model.modules() if isinstance(m, TaskBatchNorm))

    def same(change):
        fingerprint, logits = strategy.fingerprint(0), model.forward_task(x, 0)
        with torch.no_grad():
            change()
        alike = fingerprint == strategy.fingerprint(0)
        assert alike == torch.equal(logits, model.forward_task(x, 0))
        return alike

    assert same(lambda: layer.weight.mul_(torch.where(used, 1, -1)))
    assert same(lambda: layer.weight.masked_fill_(~used, 3.0))
    assert same(lambda: norm.live.running_mean.add_(1))
    assert same(lambda: norm.finished[1].add_(1))
    assert not same(lambda: layer.weight.masked_fill_(used, 3.0))
    assert not same(lambda: norm.finished[0].add_(1))


def test_exactly_the_union_of_earlier_masks_is_fixed(stream):
    strategy = learner()
    for experience in stream.experiences[:2]:
        strategy.train(experience)
    union = {name: mask.any(0) for name, mask in strategy.masks().items()}
    layers = strategy.model.relevance_layers()
    before = {name: layer.weight.detach().clone() for name, layer in layers.items()}
    strategy.train(stream.experiences[2])
    for name, layer in layers.items():
        moved = layer.weight != before[name]
        assert not moved[union[name]].any()
        assert moved[~union[name] & strategy.masks()[name][2]].any()


@pytest.mark.parametrize("head", ["shared", "per-task"])
def test_a_saved_network_predicts_the_same_bits(stream, head):
    strategy = learner(head=head)
    for experience in stream.experiences[:3]:
        strategy.train(experience)
    file = io.BytesIO()
    torch.save(strategy.model.state_dict(), file)
    file.seek(0)
    loaded = convert(mlp(10), head=head)
    loaded.load_state_dict(torch.load(file, weights_only=True))
    x, y = stream.test[1].inputs(), torch.full((len(stream.test[1]),), 1)
    strategy.model.eval()
    loaded.eval()
    with torch.no_grad():
        assert torch.equal(loaded(x, y), strategy.model(x, y))
        assert torch.equal(loaded(x), strategy.model(x))
        assert torch.equal(loaded.logits_per_task(x), strategy.logits_per_task(x))


def test_a_network_saved_during_a_task_goes_on_where_it_was(stream):
    strategy = learner(plugin=RMNPlugin(prune_epoch=1, prune_below=0.3))
    strategy.train(stream.experiences[0])
    model = strategy.model
    model.begin_task(1, [2, 3])
    model.prune(0.5)
    loaded = convert(mlp(10))
    loaded.load_state_dict(model.state_dict())
    x = stream.test[0].inputs()
    before = loaded.eval().forward_task(x, 0).detach()
    assert torch.equal(loaded.logits_per_task(x), model.eval().logits_per_task(x))
    optimizer = torch.optim.Adam(loaded.parameters(), lr=0.1)
    loaded.train()(x).square().mean().backward()
    optimizer.step()
    loaded.hold()
    assert torch.equal(loaded.eval().forward_task(x, 0), before)
    assert all(not mappings.mapping[mappings.pruned].any() for mappings in loaded.mappings)
    loaded.finish_task()
    assert loaded.labels == [0, 1]


def test_a_model_can_be_copied_while_it_learns(stream):
    class Copying(SupervisedPlugin):
        copies = ()

        def after_training_epoch(self, strategy, **kwargs):
            self.copies = (*self.copies, copy.deepcopy(strategy.model))

    copying = Copying()
    strategy = learner(plugin=RMNPlugin(l0_weight=0.3))
    strategy.plugins.append(copying)
    strategy.train(stream.experiences[0])
    x = stream.test[0].inputs()
    live = copying.copies[-1].eval().forward_task(x, None)
    assert torch.equal(live, strategy.model.eval().forward_task(x, 0))


@pytest.mark.parametrize("kind", [torch.optim.Adam, torch.optim.AdamW, torch.optim.SGD])
def test_weight_decay_of_mappings_is_warned_of(stream, kind):
    model = convert(mlp(10))
    arguments = {"evaluator": EvaluationPlugin(), "train_mb_size": 64}
    strategy = RMN(model=model, optimizer=kind(model.parameters(), weight_decay=0.1), **arguments)
    with pytest.warns(UserWarning, match="weight decay draws relevance mappings to zero"):
        strategy.train(stream.experiences[0])
    groups = parameter_groups(model, lr=0.01, mapping_lr=0.01)
    strategy = RMN(model=model, optimizer=kind(groups, lr=0.01, weight_decay=0.1), **arguments)
    assert [group["weight_decay"] for group in strategy.optimizer.param_groups] == [0.1, 0.0]
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*weight decay.*")
        strategy.train(stream.experiences[1])


def test_experiences_without_labels_or_classes_are_learned_and_warned_of():
    torch.manual_seed(0)
    data = [TensorDataset(torch.randn(64, 784), torch.arange(64) % 2) for _ in range(2)]
    for part in data:
        part.targets = part.tensors[1].tolist()
    parts = [as_classification_dataset(part) for part in data]
    benchmark = benchmark_from_datasets(train=parts, test=parts)
    strategy = learner(epochs=1)
    first, second = benchmark.train_stream
    strategy.train(first)
    with pytest.warns(UserWarning, match="task label 0 again"):
        strategy.train(second)
    assert strategy.model.labels == [0, 0]


def test_masks_are_stored_at_one_bit_a_weight(stream):
    strategy = learner()
    for experience in stream.experiences[:2]:
        strategy.train(experience)
    for layer in strategy.model.relevance_layers().values():
        assert layer.packed.dtype == torch.uint8
        assert layer.packed.shape == (2, -(-layer.weight.numel() // 8))


def test_it_learns(stream):
    strategy = learner(epochs=12)
    strategy.train(stream.experiences[0])
    strategy.model.eval()
    test = stream.test[0]
    predicted = strategy.model(test.inputs(), 0)[:, [0, 1]].argmax(1)
    assert (predicted == test.images.labels).float().mean() > 0.95


def test_pruned_entries_stay_at_zero(stream):
    strategy = learner(plugin=RMNPlugin(prune_epoch=1, prune_below=0.6), epochs=3)
    layer = next(iter(strategy.model.relevance_layers().values()))
    at_zero = []

    class Watch(SupervisedPlugin):
        def after_training_iteration(self, strategy, **kwargs):
            at_zero.append(int((layer.mapping == 0).sum()))

    strategy.plugins.append(Watch())
    strategy.train(stream.experiences[0])
    batches = len(at_zero) // 3
    pruned = int(layer.pruned.sum())
    assert pruned > 0
    assert at_zero[batches:] == [pruned] * (2 * batches)


def test_pruning_waits_for_convergence(stream):
    strategy = learner(plugin=RMNPlugin(tolerance=-1e9), epochs=2)
    strategy.train(stream.experiences[0])
    assert not next(iter(strategy.model.relevance_layers().values())).pruned.any()
    eager = learner(plugin=RMNPlugin(tolerance=1.0, prune_below=0.5), epochs=3)
    eager.train(stream.experiences[0])
    assert next(iter(eager.model.relevance_layers().values())).pruned.any()


def test_beta_can_be_learned(stream):
    strategy = learner(learn_beta=True, beta=10.0)
    strategy.train(stream.experiences[0])
    (mappings,) = strategy.model.mappings
    betas = mappings.beta.tolist()
    assert len(betas) == len(strategy.model.relevance_layers())
    assert all(beta != 10.0 for beta in betas)
    assert len(set(betas)) == len(betas)


def test_a_model_that_was_not_converted_is_refused():
    model = nn.Linear(2, 2)
    with pytest.raises(TypeError, match=r"rmn\.convert"):
        RMN(model=model, optimizer=torch.optim.SGD(model.parameters(), lr=0.1))
