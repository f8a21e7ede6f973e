"""What every encoder must do, whoever made it: the same checks for all."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from lesionary.encode import Encoder, load_card, load_encoder
from lesionary.encode.networks import build_network
from lesionary.errors import EncoderError


def patches(encoder: Encoder, count: int) -> torch.Tensor:
    low, high = encoder.card.input.intensity.to
    generator = torch.Generator().manual_seed(1)
    shape = (count, 1, *encoder.card.input.size_vox)
    return low + (high - low) * torch.rand(shape, generator=generator)


@torch.inference_mode()
def test_a_patch_does_not_see_its_batch(small_encoder: Encoder):
    batch = patches(small_encoder, 8)
    before = {key: value.clone() for key, value in small_encoder.state_dict().items()}
    together = small_encoder(batch)
    alone = small_encoder(batch[:1])
    assert together.shape == (8, small_encoder.card.dimension)
    assert together.dtype == torch.float32
    torch.testing.assert_close(alone, together[:1], rtol=1e-5, atol=1e-5 * together.abs().max())
    assert not torch.allclose(together[0], together[1], rtol=1e-3)
    torch.testing.assert_close(small_encoder(batch[:1]), alone, rtol=0, atol=0)
    assert all(torch.equal(value, before[key]) for key, value in small_encoder.state_dict().items())


@torch.inference_mode()
def test_no_nan_on_air_metal_padding(small_encoder: Encoder):
    recipe = small_encoder.card.input
    scale = (recipe.intensity.to[1] - recipe.intensity.to[0]) / (
        recipe.intensity.high - recipe.intensity.low
    )
    extremes = patches(small_encoder, 4)
    extremes[0] = 0.0  # air
    extremes[1] = 1.0
    extremes[1, ..., ::2] = (30_000 - recipe.intensity.low) * scale  # metal, not clipped
    extremes[2] = (-3024 - recipe.intensity.low) * scale  # what scanners write outside the circle
    extremes[3, ..., recipe.size_vox[-1] // 3 :] = recipe.intensity.to[0]  # mostly padding
    assert torch.isfinite(small_encoder(extremes)).all()


def test_encoders_are_differentiable_modules():
    encoder = load_encoder("phantom_tiny")
    assert not encoder.training
    patch = torch.rand(1, 1, 50, 50, 50, requires_grad=True)
    encoder(patch).sum().backward()
    assert patch.grad.abs().sum() > 0


def test_patches_of_a_wrong_shape(narrow):
    encoder = load_encoder("phantom_tiny")
    with pytest.raises(EncoderError, match=r"\(n, 1, z, y, x\), not \(50, 50, 50\)"):
        encoder(torch.zeros(50, 50, 50))
    with pytest.raises(EncoderError, match="2, 2, 50"):
        encoder(torch.zeros(2, 2, 50, 50, 50))
    card = narrow("models_genesis")
    encoder = Encoder(card, build_network(card), "").eval()
    with pytest.raises(EncoderError, match=r"to give 512 features.*\(64, 64, 64\)"):
        encoder(torch.zeros(1, 1, 64, 64, 64))


@torch.inference_mode()
def test_stride_of_the_first_convolution_matters(narrow, made):
    right, wrong = (narrow(name) for name in ("fmcib", "fmcib-stride1"))
    weights = made.make_weights(build_network(right))
    features = []
    for card in (right, wrong):
        network = build_network(card)
        network.load_state_dict(weights)  # silently the same weights
        features.append(Encoder(card, network, "").eval()(torch.rand(1, 1, 50, 50, 50)))
    assert nn.functional.cosine_similarity(*features) < 0.999


@torch.inference_mode()
def test_med3d_keeps_its_resolution_where_it_is_dilated(narrow):
    network = build_network(narrow("med3d-resnet18")).eval()
    maps = network.maxpool(network.act(network.bn1(network.conv1(torch.rand(1, 1, 50, 50, 50)))))
    sizes = []
    for stage in (network.layer1, network.layer2, network.layer3, network.layer4):
        maps = stage(maps)
        sizes.append(maps.shape[-1])
    assert sizes == [13, 7, 7, 7]
    assert {m.dilation[0] for m in network.layer3.modules() if isinstance(m, nn.Conv3d)} == {2}
    assert {m.dilation[0] for m in network.layer4.modules() if isinstance(m, nn.Conv3d)} == {4}


@torch.inference_mode()
def test_dilation_is_that_of_the_definition(narrow):
    """A dilated convolution is a plain one on every other voxel."""
    network = build_network(narrow("med3d-resnet10")).eval()
    convolution = network.layer3[0].conv1
    maps = torch.rand(1, convolution.in_channels, 8, 8, 8)
    sparse = nn.functional.conv3d(maps[..., ::2, ::2, ::2], convolution.weight, padding=1)
    torch.testing.assert_close(convolution(maps)[..., ::2, ::2, ::2], sparse)


def test_phantom_tiny_is_small_and_says_how_it_was_trained():
    card = load_card("phantom_tiny")
    assert math.prod((card.parameters, 4)) < 5e6  # bytes
    assert "real scan" in card.limits[0]
    assert card.training["settings"]["objective"]["name"] in card.description
    assert load_encoder("phantom_tiny").weights_hash == card.weights.sha256
