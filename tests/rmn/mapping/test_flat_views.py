"""Several layers' values in one flat tensor: where they lie, and how."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from rmn.mapping.flat_views import concatenate_views, flat_views

SHAPES = st.one_of(
    st.tuples(st.integers(1, 5), st.integers(1, 5)),
    st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 3), st.integers(1, 3)),
)
LAYERS = st.lists(st.tuples(SHAPES, st.booleans()), min_size=1, max_size=5)


def weights_of(layers: list[tuple[tuple[int, ...], bool]]) -> list[torch.Tensor]:
    """Weights of these shapes; convolutions perhaps with their channels last."""
    weights = [torch.randn(shape) for shape, _ in layers]
    for index, (shape, channels_last) in enumerate(layers):
        if channels_last and len(shape) == 4:
            weights[index] = weights[index].to(memory_format=torch.channels_last)
    return weights


@given(LAYERS)
def test_a_flat_tensor_has_every_layer_as_a_view(
    layers: list[tuple[tuple[int, ...], bool]],
) -> None:
    weights = weights_of(layers)
    views = flat_views(weights)
    flat = torch.cat([view.flatten(weight) for view, weight in zip(views, weights, strict=True)])
    assert views[-1].end == len(flat)
    for view, weight in zip(views, weights, strict=True):
        found = view.slice(flat)
        assert torch.equal(found, weight)
        assert found.stride() == weight.stride()
        assert found.untyped_storage().data_ptr() == flat.untyped_storage().data_ptr()
        again = view.unflatten(view.flatten(weight))
        assert torch.equal(again, weight)
        assert again.stride() == weight.stride()


def test_a_view_of_a_part_of_a_tensor_starts_there() -> None:
    (view,) = flat_views([torch.empty(2, 3)])
    whole = torch.arange(10)
    assert view.slice(whole[4:]).tolist() == [[4, 5, 6], [7, 8, 9]]


@given(LAYERS, LAYERS)
def test_concatenated_views_are_those_of_all_layers(
    first: list[tuple[tuple[int, ...], bool]], second: list[tuple[tuple[int, ...], bool]]
) -> None:
    groups = [flat_views(weights_of(layers)) for layers in (first, second)]
    assert concatenate_views(groups) == flat_views(weights_of(first + second))
