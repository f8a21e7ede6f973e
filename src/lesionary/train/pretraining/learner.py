"""The network, the objective, and a step from patches to a loss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lesionary.encode.encoder import load_encoder
from lesionary.errors import TrainingError
from lesionary.train.gather import gather
from lesionary.train.health import (
    Health,
    effective_rank,
    explain_collapse,
    feature_std,
    measure_health,
)
from lesionary.train.learner import Batches, Learner
from lesionary.train.microbatch import encode_in_parts
from lesionary.train.objectives import Step
from lesionary.train.plain import plain_view, run_network
from lesionary.train.pretraining.config import PretrainConfig
from lesionary.train.pretraining.objective import objective_of
from lesionary.train.pretraining.probe import ProbeRows, neighbour_accuracy
from lesionary.train.store import LesionBatches, PatchStore
from lesionary.train.views import load_views, make_view
from lesionary.train.views.spatial import Rotate, Shift


class Pretraining(Learner):
    """Learns an encoder from the patches of a store.

    Attributes
    ----------
    encoder : Encoder
    objective : Objective
    """

    config: PretrainConfig

    def __init__(self, config: PretrainConfig, store: PatchStore) -> None:
        super().__init__(config, steps_per_epoch=0)
        self.encoder = load_encoder(config.encoder, seed=config.seed).train()
        self._recipe = self.encoder.card.input
        self._views = load_views(config.views)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            self.objective = objective_of(config, self.encoder.card)
        self._store = store
        self._rows = training_rows(store, config.data.split)
        self._probe = ProbeRows.of(store, config.probe) if config.probe.label else None
        self._health: Health | None = None
        self.score = "probe_accuracy" if self._probe else None
        self.steps_per_epoch = len(self.batches(0, 1))

    def batches(self, rank: int, world: int) -> Batches:
        """Return the patches of process ``rank`` of ``world``."""
        plan = self.objective.plan
        return LesionBatches(
            self._store,
            self._rows,
            self.batch_share(world),
            seed=self.config.seed,
            size_vox=[n + 2 * self._margin_vox for n in self._recipe.size_vox],
            jitter_vox=self.config.data.jitter_vox,
            backgrounds=1 if plan.background else 0,
            scan_crops=plan.scan_crops,
            rank=rank,
            world=world,
        )

    @property
    def _margin_vox(self) -> int:
        """Voxels that views need beyond a patch, as far as the store has them."""
        steps = (*self._views.view, *(self._views.small_view or ()))
        moves = any(isinstance(step, Rotate | Shift) for step in steps)
        return self._store.margin_vox - self.config.data.jitter_vox if moves else 0

    def learn(self, batch: Mapping[str, Tensor]) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Return the objective's loss of views of the batch, with the health of the features."""
        views = self._make_views(batch)
        features = {
            name: [self._encode(view) for view in some]
            for name, some in views.items()
            if name != "clean"
        }
        # Similarities at a temperature of 0.1 need all their digits.
        with torch.autocast(self.device.type, enabled=False):
            outcome = self.objective.loss(features, views, self._place)
            logs = dict(outcome.logs)
            if self.logs_now:
                logs |= self._measure(features)
        return outcome.loss, logs

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Let the objective change gradients: some freeze a part of theirs at first."""
        self.objective.before_optimizer_step(self._place)

    def evaluate(self, epoch: int) -> dict[str, float]:
        """Probe the features of labelled lesions, where it is time to."""
        probe, rows = self.config.probe, self._probe
        if rows is None or (epoch % probe.every and epoch != self.config.training.epochs):
            return {}
        known, asked = (
            run_network(self.encoder, self._store, some, self._recipe, self.device)
            for some in (rows.known, rows.asked)
        )
        accuracy = neighbour_accuracy(
            known, rows.known_labels, asked, rows.asked_labels, probe.neighbours
        )
        return {
            "probe_accuracy": accuracy,
            "tune_feature_rank": float(effective_rank(torch.from_numpy(asked))),
            "tune_feature_std": float(feature_std(torch.from_numpy(asked))),
        }

    def trouble(self, metrics: Mapping[str, float]) -> str | None:
        """Say whether the features have collapsed."""
        return explain_collapse(self._health) if self._health else None

    @property
    def _place(self) -> Step:
        return Step(self.step, self.step // self.steps_per_epoch, self.steps_per_epoch)

    def _make_views(self, batch: Mapping[str, Tensor]) -> dict[str, list[Tensor]]:
        plan, generator = self.objective.plan, self.generator()

        def views(patches: Tensor, count: int, *, small: bool = False) -> list[Tensor]:
            return [
                make_view(
                    self._views,
                    patches,
                    generator,
                    mapping=self._recipe.intensity,
                    size_vox=self._recipe.size_vox,
                    small=small,
                )
                for _ in range(count)
            ]

        made = {
            "lesion": views(batch["positive"], plan.lesion),
            "small": views(batch["positive"], plan.small, small=True),
        }
        if plan.background:
            made["background"] = views(batch["background"], plan.background)
        if plan.scan_crops:
            made["crops"] = views(batch["crops"].flatten(0, 1), 2)
        if plan.clean:
            made["clean"] = [plain_view(batch["positive"], self._recipe)]
        return {name: some for name, some in made.items() if some}

    def _encode(self, view: Tensor) -> Tensor:
        features = encode_in_parts(self.encoder, view, self.config.training.micro_batch).float()
        return gather(features) if self.objective.gathers else features

    def _measure(self, features: Mapping[str, list[Tensor]]) -> dict[str, Tensor]:
        seen = features.get("lesion") or features["crops"]
        if len(seen[0]) < 2:
            return {}
        self._health = measure_health(seen[0].detach(), seen[-1].detach())
        measured = asdict(self._health)
        names = {"rank": "feature_rank", "std": "feature_std", "uniformity": "uniformity"}
        if len(seen) > 1:
            names["alignment"] = "alignment"
        return {name: torch.tensor(measured[key]) for key, name in names.items()}


def training_rows(store: PatchStore, split: str) -> NDArray[np.int64]:
    """Return the rows of a split; all rows where the cohort has no splits."""
    if "split" not in store.lesions:
        return np.arange(len(store))
    rows = np.flatnonzero((store.lesions["split"] == split).to_numpy())
    if not len(rows):
        raise TrainingError(
            f"There is no lesion of the split {split!r} to learn from: name another with "
            "data.split, or leave the column 'split' out of the table."
        )
    return rows
