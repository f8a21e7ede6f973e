"""Batches depend on seed, epoch and rows, and on nothing else."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from lesionary.errors import TrainingError
from lesionary.train.store import LesionBatches, PatchStore, build_store

from .made import RECIPE

ALL = range(7)


def _equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one)


def test_a_batch_holds_patches_of_its_rows_and_their_scans(store: PatchStore) -> None:
    batches = LesionBatches(store, ALL, 3, seed=0, jitter_vox=2, backgrounds=1)
    assert len(batches) == 2
    seen = []
    for batch in batches:
        assert {name: (part.dtype, tuple(part.shape)) for name, part in batch.items()} == {
            "rows": (torch.int64, (3,)),
            "scan": (torch.int64, (3,)),
            "positive": (torch.float32, (3, 1, 6, 8, 10)),
            "background": (torch.float32, (3, 1, 6, 8, 10)),
        }
        assert batch["scan"].tolist() == store.lesions.scan[batch["rows"].tolist()].tolist()
        assert len(set(batch["scan"].tolist())) == 3
        seen += batch["rows"].tolist()
        for i, row in enumerate(batch["rows"].tolist()):
            crops = store.crops(row)
            assert _is_within(batch["positive"][i, 0], crops[:1], jitter=2)
            assert _is_within(batch["background"][i, 0], crops[1:], jitter=2)
    assert len(set(seen)) == 6


def _is_within(patch: torch.Tensor, crops: np.ndarray, jitter: int) -> bool:
    near = range(3 - jitter, 4 + jitter)
    return any(
        np.array_equal(crop[z : z + 6, y : y + 8, x : x + 10], patch)
        for crop in crops
        for z in near
        for y in near
        for x in near
    )


def test_no_jitter_is_the_middle_and_other_sizes_can_be_had(store: PatchStore) -> None:
    batch = LesionBatches(store, ALL, 4, seed=0)[0]
    assert np.array_equal(batch["positive"], store.cut(batch["rows"].numpy()))
    batch = LesionBatches(store, ALL, 4, seed=0, size_vox=(12, 14, 16))[0]
    assert np.array_equal(batch["positive"][1, 0], store.crops(int(batch["rows"][1]))[0])
    assert LesionBatches(store, ALL, 4, seed=0, size_vox=5)[0]["positive"].shape == (4, 1, 5, 5, 5)


def test_every_shift_and_every_background_occurs(store: PatchStore) -> None:
    batches = LesionBatches(store, [0, 1], 2, seed=0, jitter_vox=1, backgrounds=1)
    positives, backgrounds = set(), set()
    for epoch in range(400):
        batches.set_epoch(epoch)
        batch = batches[0]
        first = int(batch["rows"].tolist().index(0))
        positives.add(batch["positive"][first].numpy().tobytes())
        backgrounds.add(batch["background"][first].numpy().tobytes())
    shifted = {
        store.cut([0], shift_vox=[(z, y, x)])[0].tobytes()
        for z in (-1, 0, 1)
        for y in (-1, 0, 1)
        for x in (-1, 0, 1)
    }
    assert positives == shifted
    assert len(backgrounds) > 75  # of 81


@pytest.mark.filterwarnings("ignore:This DataLoader will create")  # on a machine of one core
@pytest.mark.parametrize("workers", [1, 2])
def test_workers_change_nothing(store: PatchStore, workers: int) -> None:
    options = {"seed": 5, "jitter_vox": 3, "backgrounds": 1}
    alone = LesionBatches(store, ALL, 2, **options)
    batches = LesionBatches(store, ALL, 2, **options)
    loader = DataLoader(batches, batch_size=None, num_workers=workers, persistent_workers=True)
    for epoch in (0, 1, 7):
        alone.set_epoch(epoch)
        batches.set_epoch(epoch)  # of which the processes of epoch 0 have to hear
        loaded = list(loader)
        assert len(loaded) == 3
        assert all(map(_equal, loaded, alone))


def test_a_run_can_go_on_anywhere(store: PatchStore) -> None:
    batches = LesionBatches(store, ALL, 2, seed=5, jitter_vox=3, backgrounds=1)
    batches.set_epoch(3)
    run = list(batches)
    resumed = LesionBatches(store, ALL, 2, seed=5, jitter_vox=3, backgrounds=1)
    resumed.set_epoch(3)
    assert _equal(resumed[2], run[2])
    assert _equal(pickle.loads(pickle.dumps(resumed))[1], run[1])


def test_epochs_and_seeds_differ(store: PatchStore) -> None:
    def draws(seed: int, epoch: int) -> list[dict[str, torch.Tensor]]:
        batches = LesionBatches(store, ALL, 7, seed=seed, jitter_vox=3, backgrounds=1)
        batches.set_epoch(epoch)
        return sorted_rows(batches[0])

    def sorted_rows(batch: dict[str, torch.Tensor]) -> list[dict[str, torch.Tensor]]:
        order = batch["rows"].argsort()
        return [{name: part[i] for name, part in batch.items()} for i in order]

    first, epoch, seed = draws(0, 0), draws(0, 1), draws(1, 0)
    assert all(map(_equal, first, draws(0, 0)))
    for other in (epoch, seed):
        same = [
            torch.equal(a["positive"], b["positive"]) for a, b in zip(first, other, strict=True)
        ]
        assert sum(same) <= 1


def test_draws_of_a_lesion_do_not_depend_on_its_batch(store: PatchStore) -> None:
    many = LesionBatches(store, ALL, 7, seed=2, jitter_vox=3, backgrounds=1)[0]
    few = LesionBatches(store, [6, 1, 4], 3, seed=2, jitter_vox=3, backgrounds=1)[0]
    for i, row in enumerate(few["rows"].tolist()):
        j = many["rows"].tolist().index(row)
        assert torch.equal(few["positive"][i], many["positive"][j])
        assert torch.equal(few["background"][i], many["background"][j])


def test_processes_have_the_parts_of_one_batch(store: PatchStore) -> None:
    options = {"seed": 1, "jitter_vox": 2, "backgrounds": 1}
    whole = LesionBatches(store, ALL, 6, **options)
    parts = [LesionBatches(store, ALL, 2, **options, rank=r, world=3) for r in range(3)]
    assert {len(part) for part in parts} == {len(whole)} == {1}
    for name, together in whole[0].items():
        assert torch.equal(torch.cat([part[0][name] for part in parts]), together)


def test_batches_of_scans(store: PatchStore) -> None:
    batches = LesionBatches(store, ALL, 2, seed=0, scan_crops=4, jitter_vox=1)
    assert len(batches) == 2
    represented = set()
    for epoch in range(20):
        batches.set_epoch(epoch)
        assert sorted(int(s) for batch in batches for s in batch["scan"]) == [0, 1, 2, 3]
        for batch in batches:
            represented |= set(batch["rows"].tolist())
            assert batch["crops"].shape == (2, 4, 1, 6, 8, 10)
            for i, scan in enumerate(batch["scan"].tolist()):
                of_scan = [
                    crop
                    for row in ALL
                    if store.lesions.scan[row] == scan
                    for crop in store.crops(row)
                ]
                crops = batch["crops"][i, :, 0]
                assert len({crop.numpy().tobytes() for crop in crops}) == 4
                assert all(_is_within(crop, np.stack(of_scan), jitter=1) for crop in crops)
    assert represented == set(ALL)


def test_crops_come_from_the_given_rows_only(store: PatchStore) -> None:
    batches = LesionBatches(store, [0, 2, 4], 3, seed=0, scan_crops=4)
    own = store.crops(2)[:, 3:9, 3:11, 3:13]
    found = batches[0]["crops"][batches[0]["rows"].tolist().index(2), :, 0]
    assert {crop.tobytes() for crop in own} == {
        crop.astype(np.int16).tobytes() for crop in found.numpy()
    }


@pytest.mark.parametrize(
    ("rows", "size", "options", "words"),
    [
        ([], 1, {}, "no lesion to train on"),
        ([0, 7], 1, {}, "0 to 6"),
        ([True] * 7, 1, {}, "numbers of lesions"),
        ([1, 1], 1, {}, "more than once"),
        (ALL, 8, {}, "batch of 8 lesions is more than the 7"),
        (ALL, 4, {"world": 2}, r"batch of 8 lesions \(4 in each of 2 processes\)"),
        (ALL, 0, {}, "1 or more"),
        (ALL, 1, {"rank": 1}, "rank is below world"),
        (ALL, 5, {"scan_crops": 4}, "batch of 5 scans is more than the 4"),
        (ALL, 2, {"scan_crops": 5}, "2 of 4 scans have fewer than 5 crops.*backgrounds=4"),
        (ALL, 2, {"jitter_vox": 4}, "do not fit into crops"),
        (ALL, 2, {"jitter_vox": 1, "size_vox": (12, 4, 4)}, "do not fit into crops"),
        ([1, 2, 3], 2, {"backgrounds": 1}, "3 lesions are in 1 scan"),
        (ALL, 1, {"backgrounds": 1}, "a batch has 1"),
        ([0, 1, 2, 3], 2, {"backgrounds": 1}, "one scan only"),
    ],
)
def test_what_cannot_be_is_said_at_once(store: PatchStore, rows, size, options, words) -> None:
    with pytest.raises(TrainingError, match=words):
        LesionBatches(store, rows, size, seed=0, **options)


def test_store_without_backgrounds(scans, tmp_path) -> None:
    bare = build_store(
        scans / "cohort.csv", tmp_path, recipe=RECIPE, margin_vox=0, backgrounds=0, workers=0
    )
    assert LesionBatches(bare, ALL, 2, seed=0)[0]["positive"].shape == (2, 1, 6, 8, 10)
    with pytest.raises(TrainingError, match="has no backgrounds"):
        LesionBatches(bare, ALL, 2, seed=0, backgrounds=1)


def test_index_beyond_the_epoch(store: PatchStore) -> None:
    batches = LesionBatches(store, ALL, 2, seed=0)
    with pytest.raises(IndexError):
        batches[3]
    with pytest.raises(IndexError):
        batches[-1]
