"""Objectives as the training uses them: heads, queues, what lasts and what a checkpoint holds."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from lesionary.errors import TrainingError
from lesionary.train.objectives import (
    Objective,
    Outcome,
    Step,
    ViewPlan,
    build_objective,
    nnclr,
    objective_names,
    reconstruction,
)

SIZE = (6, 8, 7)
SMALL = {
    "autoencoder": {"width": 16},
    "barlow_twins": {"hidden": 16, "projection": 8},
    "intra_scan_simclr": {"hidden": 16, "projection": 8, "crops": 3},
    "mined_simclr": {"hidden": 16, "projection": 8},
    "nnclr": {"hidden": 16, "projection": 8, "bank": 20},
    "simclr": {"hidden": 16, "projection": 8},
    "swav": {"hidden": 16, "projection": 8, "prototypes": 10, "queue": 20, "small": 2},
    "vicreg": {"hidden": 16, "projection": 8},
}
DIMENSION = 12
EARLY = Step(step=10, epoch=5, steps_per_epoch=2)
LATE = Step(step=100, epoch=50, steps_per_epoch=2)


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def features_for(plan: ViewPlan, n=6):
    counts = {"lesion": plan.lesion, "background": plan.background, "small": plan.small}
    features = {key: [torch.randn(n, DIMENSION) for _ in range(c)] for key, c in counts.items()}
    features["crops"] = [torch.randn(n * plan.scan_crops, DIMENSION) for _ in range(2)]
    return features


def views_for(n=6):
    return {"lesion": [torch.rand(n, 1, *SIZE)], "clean": [torch.rand(n, 1, *SIZE)]}


def test_every_objective_is_tested_here():
    ours = {n for n, c in Objective.named.items() if c.__module__.startswith("lesionary.")}
    assert ours == set(SMALL)


@pytest.mark.parametrize("name", SMALL)
def test_an_encoder_learns(name):
    objective = build_objective(name, DIMENSION, SIZE, **SMALL[name])
    features, views = features_for(objective.plan), views_for()
    encoder = nn.Linear(DIMENSION, DIMENSION)
    parameters = [*encoder.parameters(), *objective.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.01)
    losses = []
    for _ in range(12):
        seen = {key: [encoder(view) for view in each] for key, each in features.items()}
        outcome = objective.loss(seen, views, EARLY)
        optimizer.zero_grad()
        outcome.loss.backward()
        assert all(parameter.grad is not None for parameter in parameters)
        objective.before_optimizer_step(EARLY)
        optimizer.step()
        losses.append(outcome.loss.item())
        assert not any(value.requires_grad for value in outcome.logs.values())
        assert all(value.numel() == 1 for value in outcome.logs.values())
    assert losses[-1] < losses[1]  # the first step meets an empty bank


@pytest.mark.parametrize("name", SMALL)
def test_a_resumed_objective_goes_on_as_one_that_was_not_stopped(name, tmp_path):
    objective = build_objective(name, DIMENSION, SIZE, **SMALL[name])
    for _ in range(3):
        objective.loss(features_for(objective.plan), views_for(), LATE)
    torch.save(objective.state_dict(), tmp_path / "state.pt")
    resumed = build_objective(name, DIMENSION, SIZE, **SMALL[name])
    resumed.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    features, views = features_for(objective.plan), views_for()
    for _ in range(2):
        losses = [each.loss(features, views, LATE).loss for each in (objective, resumed)]
        assert torch.equal(*losses)


@pytest.mark.parametrize("name", SMALL)
def test_looking_changes_nothing(name):
    objective = build_objective(name, DIMENSION, SIZE, **SMALL[name])
    objective.loss(features_for(objective.plan), views_for(), LATE)
    objective.eval()
    before = {key: value.clone() for key, value in objective.state_dict().items()}
    objective.loss(features_for(objective.plan), views_for(), LATE)
    assert all(torch.equal(value, before[key]) for key, value in objective.state_dict().items())


def test_the_published_head_of_mined_simclr():
    head = build_objective("mined_simclr", 4096).head
    assert [type(layer) for layer in head] == [nn.Linear, nn.ReLU, nn.Linear]
    assert [tuple(p.shape) for p in head.parameters()] == [
        (2048, 4096),
        (2048,),
        (128, 2048),
        (128,),
    ]


def test_same_scan_is_another_loss_of_the_same_views():
    mined = build_objective("mined_simclr", DIMENSION)
    same = build_objective("mined_simclr", DIMENSION, same_scan=True)
    same.load_state_dict(mined.state_dict())
    features = features_for(mined.plan)
    assert mined.plan == same.plan
    assert mined.loss(features, {}, LATE).loss != same.loss(features, {}, LATE).loss


def test_swav_prototypes_rest_in_the_first_epoch():
    swav = build_objective("swav", DIMENSION, **SMALL["swav"])
    for epoch, moves in ((0, False), (1, True)):
        step = Step(step=epoch, epoch=epoch, steps_per_epoch=1)
        swav.loss(features_for(swav.plan), {}, step).loss.backward()
        swav.before_optimizer_step(step)
        assert (swav.prototypes.weight.grad is not None) is moves
        assert swav.head[0].weight.grad is not None


def test_swav_prototypes_are_unit_vectors_at_every_step():
    swav = build_objective("swav", DIMENSION, **SMALL["swav"])
    nn.init.normal_(swav.prototypes.weight, std=3)
    swav.loss(features_for(swav.plan), {}, LATE)
    torch.testing.assert_close(swav.prototypes.weight.norm(dim=1), torch.ones(10))


def test_swav_asks_its_queue_from_the_epoch_on():
    swav = build_objective("swav", DIMENSION, **SMALL["swav"], queue_from_epoch=3).eval()
    features = features_for(swav.plan)
    early, late = Step(2, 2, 1), Step(3, 3, 1)
    empty = swav.loss(features, {}, late).loss
    assert empty == swav.loss(features, {}, early).loss
    for queue in swav.queues:
        queue.push(torch.randn(20, 8))
    assert swav.loss(features, {}, early).loss == empty
    assert swav.loss(features, {}, late).loss != empty


def test_swav_without_small_views_or_queue():
    swav = build_objective("swav", DIMENSION, prototypes=10, small=0, queue=0)
    assert swav.plan == ViewPlan(lesion=2)
    assert swav.loss(features_for(swav.plan), {}, LATE).loss.isfinite()


def test_the_bank_holds_the_newest_and_is_looked_up_before_it_changes():
    objective = build_objective("nnclr", DIMENSION, **SMALL["nnclr"]).double()
    batches = [
        {"lesion": [view.double() for view in features_for(objective.plan)["lesion"]]}
        for _ in range(5)
    ]
    heads = [
        [objective.head(view) for view in batch["lesion"]] for batch in batches
    ]  # batch norm uses the batch alone in training mode
    for index, batch in enumerate(batches):
        seen = [head[0] for head in reversed(heads[:index])]
        bank = torch.cat([*seen, torch.empty(0, 8, dtype=torch.float64)])[:20]
        predictions = [objective.prediction(head) for head in heads[index]]
        expected = nnclr(*heads[index], *predictions, bank, 0.1)
        torch.testing.assert_close(objective.loss(batch, {}, LATE).loss, expected)
    assert objective.bank.contents().shape == (20, 8)


@pytest.mark.parametrize("size", [(50, 50, 50), (4, 4, 4), (1, 1, 1), (5, 16, 33)])
def test_a_decoder_rebuilds_any_size(size):
    objective = build_objective("autoencoder", DIMENSION, size, width=16)
    patches = objective.decoder(torch.randn(2, DIMENSION))
    assert patches.shape == (2, 1, *size)


def test_denoising_compares_with_the_patch_before_the_view():
    plain = build_objective("autoencoder", DIMENSION, SIZE, **SMALL["autoencoder"])
    denoising = build_objective(
        "autoencoder", DIMENSION, SIZE, **SMALL["autoencoder"], denoising=True
    )
    denoising.load_state_dict(plain.state_dict())
    assert not plain.plan.clean
    assert denoising.plan.clean
    features, views = features_for(plain.plan), views_for()
    rebuilt = plain.decoder(features["lesion"][0])
    for objective, target in ((plain, "lesion"), (denoising, "clean")):
        loss = objective.loss(features, views, LATE).loss
        torch.testing.assert_close(loss, (rebuilt - views[target][0]).abs().mean())


def test_patches_of_another_size_are_refused():
    with pytest.raises(TrainingError, match="size_vox"):
        reconstruction(torch.zeros(2, 1, 4, 4, 4), torch.zeros(2, 1, 5, 4, 4))


def test_one_crop_a_scan_is_refused():
    objective = build_objective("intra_scan_simclr", DIMENSION, crops=1)
    with pytest.raises(TrainingError, match="at least 2 crops"):
        objective.loss(features_for(objective.plan), {}, LATE)


def test_names_are_checked_with_the_nearest_offered():
    with pytest.raises(TrainingError, match="did you mean 'mined_simclr'"):
        build_objective("mined_simlcr", DIMENSION)
    with pytest.raises(TrainingError, match="did you mean 'temperature'"):
        build_objective("simclr", DIMENSION, tempreature=0.2)
    with pytest.raises(TrainingError, match="size_vox"):
        build_objective("autoencoder", DIMENSION)
    with pytest.raises(TrainingError, match="no setting 'size'"):
        build_objective("autoencoder", DIMENSION, SIZE, size=SIZE)


@pytest.mark.parametrize("key", ["size_vox", "dimension", "name"])
def test_what_is_not_for_the_file_to_say_is_no_setting(key):
    with pytest.raises(TrainingError, match=f"no setting '{key}'"):
        build_objective("autoencoder", DIMENSION, SIZE, **{key: 8})


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("simclr", {"temperature": 0}),
        ("simclr", {"temperature": float("nan")}),
        ("mined_simclr", {"same_scan": "maybe"}),
        ("swav", {"prototypes": 0}),
        ("nnclr", {"bank": 2.5}),
        ("vicreg", {"hidden": "wide"}),
    ],
)
def test_settings_are_checked(name, setting):
    (key,) = setting
    with pytest.raises(TrainingError, match=f"setting '{key}' of the objective '{name}'"):
        build_objective(name, DIMENSION, **setting)


def test_a_number_that_yaml_reads_as_text_is_a_number():
    assert build_objective("simclr", DIMENSION, temperature="1e-1").temperature == 0.1


def test_a_new_objective_is_one_class(monkeypatch):
    monkeypatch.setattr(Objective, "named", dict(Objective.named))

    class Nothing(Objective, name="nothing"):
        def __init__(self, dimension: int, *, weight: float = 1.0) -> None:
            super().__init__()
            self.plan = ViewPlan(lesion=1)
            self.weight = weight

        def loss(self, features, views, step) -> Outcome:
            return Outcome(self.weight * features["lesion"][0].square().mean())

    assert "nothing" in objective_names()
    objective = build_objective("nothing", DIMENSION, SIZE, weight=0.0)
    assert objective.loss(features_for(objective.plan), {}, LATE).loss == 0
