"""Pre-training from a file to an encoder."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import lesionary
from lesionary.errors import LesionaryError, TrainingError
from lesionary.scan import read_scan, write_scan
from lesionary.train import PretrainConfig, load_pretraining, pretrain, ready_pretrainings
from lesionary.train.checkpoints import read_checkpoint
from lesionary.train.history import read_history
from lesionary.train.pretraining.learner import Pretraining
from lesionary.train.pretraining.probe import neighbour_accuracy
from lesionary.train.store import build_store

from .conftest import SIDE, make_cohort, write_card

pytestmark = pytest.mark.usefixtures("no_pictures")

SMALL_HEADS = {
    "autoencoder": ["objective.width=16"],
    "ct_fm": ["objective.crops=4", "objective.hidden=8", "training.batch_size=2"],
    "swav": ["objective.queue=8", "objective.queue_from_epoch=1", "objective.prototypes=5"],
    "vicreg": ["objective.projection=8"],
    "barlow_twins": ["objective.projection=8"],
}


def small_file(name: str, settings: list[str], run: Path, *more: str) -> PretrainConfig:
    heads = [*SMALL_HEADS.get(name, ())]
    if name != "autoencoder":
        heads.append("objective.hidden=8")
    return load_pretraining(name, [*settings, *heads, f"run={run}", *more])


def weights_of(run: Path) -> dict[str, torch.Tensor]:
    return lesionary.load_encoder(run / "encoder" / "card.yaml").network.state_dict()


def assert_same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> None:
    assert one.keys() == other.keys()
    for name, tensor in one.items():
        assert torch.equal(tensor, other[name]), name


@pytest.mark.parametrize("name", ready_pretrainings())
def test_ready_files_start_step_and_resume(
    name: str, settings: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed in the second epoch, with checkpoints within epochs, and resumed: the same."""
    done = pretrain(small_file(name, settings, tmp_path / "whole"))
    assert done.epochs == 2
    history = read_history(tmp_path / "whole" / "metrics.csv")
    assert len(history) == done.steps >= 4
    assert np.isfinite(history["loss"]).all()
    assert (history["lr"] > 0).all()

    often = "machine.checkpoint_minutes=1e-9"
    config = small_file(name, settings, tmp_path / "parts", often)
    learn = Pretraining.learn

    def dying(self: Pretraining, batch: Any) -> Any:
        if self.step == done.steps - 1:
            raise KeyError("killed")
        return learn(self, batch)

    with monkeypatch.context() as patch:
        patch.setattr(Pretraining, "learn", dying)
        with pytest.raises(KeyError):
            pretrain(config)
    last = tmp_path / "parts" / "checkpoints" / "last.ckpt"
    assert read_checkpoint(last)["step"] == done.steps - 1
    pretrain(config, resume=True)
    assert_same(weights_of(tmp_path / "whole"), weights_of(tmp_path / "parts"))
    whole, parts = (
        read_checkpoint(tmp_path / run / "checkpoints" / "last.ckpt")["module"]
        for run in ("whole", "parts")
    )
    assert_same(whole, parts)  # queues and banks, too


def test_it_learns(settings: list[str], tmp_path: Path) -> None:
    config = small_file(
        "fmcib", settings, tmp_path / "run",
        "training.epochs=30", "optimizer={name: adam, lr: 0.01, per_batch: null}",
        "probe={label: kind, every: 30, neighbours: 3}",
    )  # fmt: skip
    done = pretrain(config)
    loss = read_history(tmp_path / "run" / "metrics.csv")["loss"]
    assert loss[-10:].mean() < 0.7 * loss[:10].mean()
    assert done.score == 1.0  # bright lesions and dark ones


def test_the_encoder_is_the_best_network_with_a_card(
    settings: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = iter([0.5, 0.9, 0.7])
    monkeypatch.setattr(
        "lesionary.train.pretraining.learner.neighbour_accuracy", lambda *_: next(scores)
    )
    probe = "probe={label: kind, every: 1}"
    more = ["name=mine_1", "training.epochs=3", probe]
    done = pretrain(small_file("fmcib", settings, tmp_path / "run", *more))
    assert (done.score, done.best_epoch, done.epochs, done.lesions) == (0.9, 2, 3, 8)
    best = read_checkpoint(tmp_path / "run" / "checkpoints" / "best.ckpt")["module"]
    assert_same(
        {name.removeprefix("encoder.network."): tensor
         for name, tensor in best.items() if name.startswith("encoder.network.")},
        weights_of(tmp_path / "run"),
    )  # fmt: skip
    encoder = lesionary.load_encoder(tmp_path / "run" / "encoder" / "card.yaml")
    card = encoder.card
    assert encoder(torch.zeros(2, 1, SIDE, SIDE, SIDE)).shape == (2, 16)
    assert card.name == "mine_1"
    assert card.parameters == sum(one.numel() for one in encoder.network.parameters())
    assert "epoch 2" in card.description
    assert "8 lesions, 4 scans, 4 patients of cohort.csv" in card.training_data
    record = card.training
    assert (record["kept_epoch"], record["score"], record["lesions"]) == (2, 0.9, 8)
    assert record["settings"]["optimizer"]["momentum"] == 0.9
    assert str(tmp_path) not in (tmp_path / "run" / "encoder" / "card.yaml").read_text()


def test_micro_batches_learn_the_same(settings: list[str], tmp_path: Path) -> None:
    arguments = {"channels": [[4, 8], [8, 16]], "norm": "instance", "shrink_by": "pool"}
    card = write_card(tmp_path / "card.yaml", kind="convolutions", arguments=arguments)
    losses = []
    for size in ("null", "1", "3"):
        run = tmp_path / f"run-{size}"
        more = [f"training.micro_batch={size}", f"encoder={card}", "optimizer.lr=20"]
        pretrain(small_file("fmcib", settings, run, *more))
        losses.append(read_history(run / "metrics.csv")["loss"].to_numpy())
    assert len(np.unique(losses[0])) == len(losses[0])
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-5)
    np.testing.assert_allclose(losses[2], losses[0], rtol=1e-5)


def test_only_the_network_runs_in_16_bits(
    settings: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Maps of one voxel and a stride are left out: on processors with AMX, oneDNN's gradient of
    # their weights is of memory that nobody wrote.
    arguments = {"block": "basic", "layers": [1, 1, 1, 1], "block_inplanes": [4, 8, 8, 16]}
    card = write_card(tmp_path / "wide.yaml", arguments={**arguments, "conv1_t_stride": 1})
    seen: dict[str, list[torch.Tensor]] = {"32-true": [], "bf16-mixed": []}
    encode = Pretraining._encode
    for precision, views in seen.items():

        def look(self: Pretraining, view: torch.Tensor, views: list[torch.Tensor] = views) -> Any:
            views.append(view)
            features = encode(self, view)
            assert features.dtype == torch.float32
            return features

        monkeypatch.setattr(Pretraining, "_encode", look)
        more = [f"training.precision={precision}", "training.clip_norm=1.0", f"encoder={card}"]
        pretrain(small_file("fmcib", settings, tmp_path / precision, *more))
    first, second = seen.values()
    for one, other in zip(first[:4], second[:4], strict=True):
        assert torch.equal(one, other)
    losses = [read_history(tmp_path / name / "metrics.csv")["loss"] for name in seen]
    assert not losses[0].equals(losses[1])
    assert np.isfinite(losses[1]).all()


def test_runs_of_different_seeds_share_a_store(settings: list[str], tmp_path: Path) -> None:
    shared = f"data.store={tmp_path / 'store'}"
    for seed in (0, 1):
        pretrain(small_file("simclr", settings, tmp_path / str(seed), shared, f"seed={seed}"))
    one, other = (weights_of(tmp_path / str(seed)) for seed in (0, 1))
    assert not torch.equal(one["conv1.weight"], other["conv1.weight"])


def test_it_starts_from_an_encoder(settings: list[str], tmp_path: Path) -> None:
    pretrain(small_file("fmcib", settings, tmp_path / "first"))
    card = tmp_path / "first" / "encoder" / "card.yaml"
    config = small_file("simclr", settings, tmp_path / "second", f"encoder={card}")
    store = build_store(
        config.data.cohort, config.store, recipe=lesionary.load_encoder(card).card.input,
        margin_vox=2, backgrounds=3, workers=0,
    )  # fmt: skip
    assert_same(
        Pretraining(config, store).encoder.network.state_dict(), weights_of(tmp_path / "first")
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("training.batch_size=99", "more than the 8 there are"),
        ("training.batch_size=1", "use a larger batch"),
        ("data.split=test", "no lesion of the split 'test'"),
        ("probe.label=stage", "column 'stage'"),
        ("objective.name=mined_simcrl", "did you mean 'mined_simclr'"),
        ("objective.temprature=1", "did you mean 'temperature'"),
        ("objective.size_vox=8", "no setting 'size_vox'"),
        ("objective.dimension=8", "no setting 'dimension'"),
        (
            "objective={name: autoencoder, denoising: true}",
            r"move them \(random_resized_crop, flip",
        ),
        ("objective={name: swav}", "no small_view"),
        ("views=fmcb", "did you mean 'fmcib'"),
        ("encoder=fmcb", "no encoder 'fmcb'"),
        ("data.jitter_vox=3", "margin_vox"),
        ("data.cohort=none.csv", "none.csv"),
        ("views={view: [{flip: {axis: z}}]}", "axis"),
    ],
)
def test_bad_settings(settings: list[str], tmp_path: Path, change: str, words: str) -> None:
    with pytest.raises(LesionaryError, match=words):
        pretrain(load_pretraining("fmcib", [*settings, f"run={tmp_path / 'run'}", change]))
    assert not (tmp_path / "run" / "encoder").exists()


def test_denoising_undoes_changes_of_grey(settings: list[str], tmp_path: Path) -> None:
    denoising = ["objective={name: autoencoder, denoising: true, width: 16}"]
    views = ["views={view: [{gaussian_noise: {std: [10, 50]}}]}"]
    done = pretrain(
        load_pretraining("autoencoder", [*settings, *denoising, *views, f"run={tmp_path}"])
    )
    assert done.steps == 4


@pytest.mark.parametrize("name", ["simclr", "nnclr", "swav", "vicreg", "barlow_twins"])
def test_a_batch_of_one_has_nothing_to_compare(
    name: str, settings: list[str], tmp_path: Path
) -> None:
    with pytest.raises(TrainingError, match=r"at least 2|cannot learn from 1 patches"):
        pretrain(small_file(name, settings, tmp_path / "run", "training.batch_size=1"))


@pytest.fixture
def own(tmp_path: Path, settings: list[str]) -> tuple[Path, list[str]]:
    """A cohort that a test may spoil, and the settings to train on it."""
    (tmp_path / "own").mkdir()
    table = make_cohort(tmp_path / "own", patients=3)
    mine = [f"data.cohort={table}", f"data.store={tmp_path / 'own-store'}"]
    return table, [*settings, *mine, "training.batch_size=2"]


def test_an_empty_cohort(own: tuple[Path, list[str]], tmp_path: Path) -> None:
    table, settings = own
    pd.read_csv(table).iloc[:0].to_csv(table, index=False)
    with pytest.raises(LesionaryError, match="no "):
        pretrain(small_file("fmcib", settings, tmp_path / "run"))


def test_one_scan_has_no_negatives(own: tuple[Path, list[str]], tmp_path: Path) -> None:
    table, settings = own
    pd.read_csv(table).iloc[:2].to_csv(table, index=False)
    with pytest.raises(TrainingError, match="one scan only"):
        pretrain(small_file("fmcib", settings, tmp_path / "run"))


def test_a_nan_voxel_and_a_constant_patch(own: tuple[Path, list[str]], tmp_path: Path) -> None:
    table, settings = own
    folder = table.parent
    constant = np.full((48, 48, 48), 40, np.int16)
    write_scan(read_scan(constant, affine=np.diag([2.0, 2.0, 2.0, 1.0])), folder / "0.nii")
    holed = read_scan(folder / "1.nii").read().astype(np.float32)
    holed[20:30, 20:30, 20:30] = np.nan
    write_scan(read_scan(holed, affine=np.diag([2.0, 2.0, 2.0, 1.0])), folder / "1.nii")
    cohort = pd.read_csv(table).assign(split="train")
    cohort.to_csv(table, index=False)
    done = pretrain(small_file("fmcib", settings, tmp_path / "run"))
    errors = pd.read_csv(tmp_path / "own-store" / "errors.csv")
    assert set(errors["lesion_id"]) <= {"1-0", "1-1"}
    assert done.lesions == 6 - len(errors) < 6
    assert np.isfinite(read_history(tmp_path / "run" / "metrics.csv")["loss"]).all()


def test_collapsed_features_are_explained(settings: list[str], tmp_path: Path) -> None:
    config = small_file("fmcib", settings, tmp_path / "run", "training.epochs=3")
    learn = Pretraining.learn

    def flat(self: Pretraining, batch: Any) -> Any:
        if self.step >= self.steps_per_epoch:
            with torch.no_grad():
                for parameter in self.encoder.parameters():
                    parameter.zero_()
                self.encoder.network.layer4[0].bn2.bias.fill_(1.0)
        return learn(self, batch)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Pretraining, "learn", flat)
        with pytest.raises(TrainingError, match=r"collapsed.*last good checkpoint"):
            pretrain(config)
    last = tmp_path / "run" / "checkpoints" / "last.ckpt"
    assert read_checkpoint(last)["step"] == 2
    pretrain(config, resume=True)


def test_lightning_is_asked_for(
    settings: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lesionary.train.extra.find_spec", lambda _: None)
    with pytest.raises(TrainingError, match=r"pip install 'lesionary\[train\]'"):
        pretrain(small_file("fmcib", settings, tmp_path / "run"))


def test_neighbours_vote_by_cosine() -> None:
    angles = np.radians([0, 10, 20, 170, 180, 190])
    known = np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)
    labels = np.array(["right", "right", "left", "left", "left", "right"], dtype=object)
    asked = np.array([[5, 0.4], [-0.1, 0.001], [3, 0]], np.float32)
    truth = np.array(["right", "left", "left"], dtype=object)
    # The third is said to be right: recall 1 of right, 1/2 of left.
    assert math.isclose(neighbour_accuracy(known, labels, asked, truth, 3), 0.75)
