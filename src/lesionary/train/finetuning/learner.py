"""An encoder, a head, and a step from labelled patches to a loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lesionary.encode.encoder import Encoder
from lesionary.errors import TrainingError
from lesionary.train.finetuning.config import FinetuneConfig
from lesionary.train.finetuning.labels import Labelled
from lesionary.train.finetuning.losses import TargetLoss, class_weights
from lesionary.train.finetuning.metrics import measure
from lesionary.train.finetuning.stages import (
    Stage,
    choose_frozen,
    find_stages,
    parameter_groups,
    waiting,
)
from lesionary.train.finetuning.target import Metric
from lesionary.train.gather import gather
from lesionary.train.learner import Batches, Learner
from lesionary.train.microbatch import encode_in_parts
from lesionary.train.plain import run_network
from lesionary.train.store import LesionBatches, PatchStore
from lesionary.train.views import load_views, make_view


class Finetuning(Learner):
    """Learns a target from the labelled patches of a store.

    Attributes
    ----------
    encoder : Encoder
    head : Sequential
    best_by : str
        Metric that the best checkpoint has most of.
    class_weights : ndarray (classes,) or None
        How much a lesion of each class counts.
    first_step : int or None
        Steps done before this process began to train, if it has.
    """

    first_step: int | None = None

    config: FinetuneConfig

    def __init__(
        self,
        config: FinetuneConfig,
        store: PatchStore,
        labelled: Labelled,
        encoder: Encoder,
        head: nn.Sequential,
    ) -> None:
        super().__init__(config, steps_per_epoch=0)
        self.encoder, self.head = encoder.train(), head
        self._store, self._labelled = store, labelled
        self._views = load_views(config.views)
        train = labelled.labels.take(labelled.known("train"))
        survival = config.target.survival
        self.class_weights = class_weights(config.class_weights, labelled.outputs, train.code)
        self._loss = TargetLoss(
            labelled.outputs, self.class_weights, survival.weight if survival else 1.0
        )
        self._stages = find_stages(encoder.network, encoder.card.input.size_vox)
        self._frozen = choose_frozen(self._stages, config.layers.freeze)
        for stage in self._frozen:
            for parameter in stage.parameters:
                parameter.requires_grad_(False)
        self.best_by = best_by(config, labelled)
        self.score = f"tune_{self.best_by}"
        self.steps_per_epoch = len(self.batches(0, 1))

    def batches(self, rank: int, world: int) -> Batches:
        """Return the labelled patches of process ``rank`` of ``world``."""
        return LesionBatches(
            self._store,
            self._labelled.known("train"),
            self.batch_share(world),
            seed=self.config.seed,
            size_vox=self._store.crop_vox,  # views shift into the margin
            rank=rank,
            world=world,
        )

    def parameter_groups(self) -> list[dict[str, Any]]:
        """Return the stages and the head, each with its learning rate."""
        return parameter_groups(self._stages, self.head, self.config.layers.decay)

    def on_train_start(self) -> None:
        """Note where this session begins, for what it costs."""
        self.first_step = self.step

    def learn(self, batch: Mapping[str, Tensor]) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Return the loss of views of the batch of all processes."""
        recipe = self.encoder.card.input
        views = make_view(
            self._views,
            batch["positive"],
            self.generator(),
            mapping=recipe.intensity,
            size_vox=recipe.size_vox,
        )
        for stage in (*self._frozen, *self._waiting()):
            for module in stage.modules:
                module.eval()  # a batch norm that does not learn does not drift either
        features = encode_in_parts(self.encoder, views, self.config.training.micro_batch)
        # Every process sees the batch of all: those at risk, and the weights, are of the whole.
        features, rows = gather(features.float()), gather(batch["rows"])
        with torch.autocast(self.device.type, enabled=False):
            loss = self._loss_of(self.head(features), rows.cpu().numpy())
        return loss, {}

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Leave out the stages whose turn has not come.

        They have had gradients: processes agree on which parameters do once, at the start.
        """
        for stage in self._waiting():
            for parameter in stage.parameters:
                parameter.grad = None

    def evaluate(self, epoch: int) -> dict[str, float]:
        """Measure the tune split, where it is time to."""
        training = self.config.training
        if epoch % training.evaluate_every and epoch != training.epochs:
            return {}
        rows = self._labelled.known("tune")
        outputs = self.outputs(rows)
        if not np.isfinite(outputs).all():
            raise TrainingError(
                f"The training has diverged: after {epoch} epochs, outputs of the tune split are "
                "not finite. Lower optimizer.lr, or set training.clip_norm, and start a new run."
            )
        labels = self._labelled.labels.take(rows)
        found = measure(self._labelled.outputs.scores(outputs), labels, self._labelled.outputs)
        loss = self._loss_of(torch.as_tensor(outputs, device=self.device).float(), rows)
        return {"tune_loss": float(loss), **{f"tune_{name}": found[name] for name in found}}

    def outputs(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the outputs ``(n, outputs)`` of lesions, without augmentation."""
        network = nn.Sequential(self.encoder, self.head)
        return run_network(network, self._store, rows, self.encoder.card.input, self.device)

    def _waiting(self) -> list[Stage]:
        epoch = self.step // self.steps_per_epoch
        return waiting(self._stages, epoch, self.config.layers.unfreeze_every)

    def _loss_of(self, outputs: Tensor, rows: NDArray[np.int64]) -> Tensor:
        labels = self._labelled.labels.take(rows)
        code, time, event = (
            torch.as_tensor(values, device=outputs.device)
            for values in (labels.code, labels.time, labels.event)
        )
        loss: Tensor = self._loss(outputs, code, time, event)
        return loss


def best_by(config: FinetuneConfig, labelled: Labelled) -> Metric:
    """Return the metric that the best checkpoint has most of."""
    possible = labelled.outputs.metrics
    if config.best_by is None:
        return possible[0]
    if config.best_by not in possible:
        raise TrainingError(
            f"best_by is {config.best_by}, and this target has {', '.join(possible)}."
        )
    return config.best_by
