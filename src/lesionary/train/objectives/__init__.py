"""What pre-training asks of the network: one file an objective, as a function and as a module.

The functions work on tensors alone; the modules (`Objective`) add the heads, queues and banks
that the training carries along.
"""

from __future__ import annotations

from lesionary.train.objectives.autoencoder import reconstruction
from lesionary.train.objectives.barlow_twins import barlow_twins
from lesionary.train.objectives.intra_scan_simclr import intra_scan_nt_xent
from lesionary.train.objectives.mined_simclr import mined_nt_xent
from lesionary.train.objectives.nnclr import nnclr
from lesionary.train.objectives.objective import Objective, Outcome, Step, ViewPlan
from lesionary.train.objectives.registry import build_objective, objective_names
from lesionary.train.objectives.simclr import nt_xent
from lesionary.train.objectives.swav import swav
from lesionary.train.objectives.vicreg import vicreg

__all__ = [
    "Objective",
    "Outcome",
    "Step",
    "ViewPlan",
    "barlow_twins",
    "build_objective",
    "intra_scan_nt_xent",
    "mined_nt_xent",
    "nnclr",
    "nt_xent",
    "objective_names",
    "reconstruction",
    "swav",
    "vicreg",
]
