"""The demo: a synthetic cohort, from its scans to features and a page that shows every lesion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesionary.cohort import (
    Cohort,
    Problem,
    check_cohort,
    problems_table,
    read_cohort,
    split_cohort,
)
from lesionary.cohort.table import write_table
from lesionary.encode import read_features, run_extraction
from lesionary.files import atomic_path
from lesionary.phantom import PhantomConfig, make_cohort
from lesionary.progress import track
from lesionary.scan import Scan, draw_strip, draw_views, read_mask, read_scan
from lesionary.study.demo_page import ENCODER, LABEL, demo_page
from lesionary.study.page import Card

FRACTIONS = {"train": 0.5, "tune": 0.25, "test": 0.25}
OVERVIEW_MM = 440.0
WINDOW_OF: Mapping[str, str | tuple[float, float]] = {"lung": "lung", "bone": (250.0, 1000.0)}


@dataclass(frozen=True)
class Demo:
    """What a demo made.

    Attributes
    ----------
    page : Path
        The page to open.
    cohort : Cohort
        With its split.
    problems : tuple of Problem
        What the check found.
    """

    page: Path
    cohort: Cohort
    problems: tuple[Problem, ...]


def run_demo(
    folder: str | Path, patients: int = 12, seed: int = 1, config: PhantomConfig | None = None
) -> Demo:
    """Make a synthetic cohort, check, split, cut and embed it, and show it on one page.

    Parameters
    ----------
    folder : path
        Where everything is written. A demo of the same seed may be there already.
    patients : int
        At least 4: two for train, and one each for tune and test.
    seed : int
        The same seed makes the same cohort, split and page.
    config : PhantomConfig, optional
        What the patients are like.
    """
    folder = Path(folder)
    truth = make_cohort(folder, patients, seed, config).set_index("lesion_id")
    problems = tuple(check_cohort(folder / "cohort.csv", labels=[LABEL]))
    write_table(problems_table(problems), folder / "problems.csv")

    cohort = read_cohort(folder / "cohort.csv")
    cohort = split_cohort(cohort, FRACTIONS, stratify=LABEL, seed=seed)
    cohort.write(folder / "split.csv")

    lesions = list(_lesions(cohort))
    cards = [
        _draw(cohort, lesion, truth.loc[lesion.row["lesion_id"]], folder)
        for lesion in track(lesions, "Drawing lesions")
    ]
    with atomic_path(folder / "patches.npz") as temporary:
        np.savez(
            temporary,
            lesion_id=np.array([lesion.row["lesion_id"] for lesion in lesions], dtype=str),
            patches=np.stack([lesion.patch for lesion in lesions]),
        )

    # So few scans are read sooner than processes that read them are started.
    run_extraction(cohort, ENCODER, folder / "features.parquet", workers=0, overwrite=True)

    index = folder / "index.html"
    html = demo_page(
        cohort,
        problems,
        read_features(folder / "features.parquet"),
        _overview(lesions, folder),
        cards,
        f"lesionary demo --patients {patients} --seed {seed}",
    )
    with atomic_path(index) as temporary:
        temporary.write_text(html, encoding="utf-8")
    return Demo(index, cohort, problems)


@dataclass(frozen=True, eq=False)
class _Lesion:
    row: pd.Series[Any]
    scan: Scan
    seed_mm: tuple[float, float, float]
    patch: NDArray[np.float32]


def _lesions(cohort: Cohort) -> Iterator[_Lesion]:
    """Yield each lesion with its scan and its patch; a scan is read once for all its seeds."""
    for path, rows in cohort.table.groupby("image_path", sort=False):
        scan = read_scan(cohort.image_path({"image_path": path}))
        seeds = rows[["coordX", "coordY", "coordZ"]].to_numpy(dtype=np.float64)
        patches = scan.patches(seeds)
        for (_, row), (x, y, z), patch in zip(rows.iterrows(), seeds, patches, strict=True):
            yield _Lesion(row, scan, (x, y, z), patch)


def _draw(cohort: Cohort, lesion: _Lesion, truth: pd.Series[Any], folder: Path) -> Card:
    """Draw a lesion twice: large with its outline into ``views/``, and small for its card."""
    lesion_id = str(lesion.row["lesion_id"])
    mask = read_mask(
        cohort.root / lesion.row["mask_path"], lesion.scan, label=int(lesion.row["mask_label"])
    )
    link = f"views/{lesion_id}.png"
    window = WINDOW_OF.get(truth["site"], "soft-tissue")
    draw_views(lesion.scan, lesion.seed_mm, folder / link, window=window, mask=mask)
    label = "malignant" if lesion.row[LABEL] else "benign"
    diameter = f"{truth['diameter_mm']:.0f} mm"
    return Card(
        title=lesion_id,
        png=draw_strip(lesion.scan, lesion.seed_mm, window=window, mask=mask),
        alt=f"Axial, coronal and sagittal CT view, 50 mm wide, of a {label} lesion of "
        f"{diameter} in or at: {truth['site']}",
        facts={
            "site": truth["site"],
            "size": diameter,
            "look": f"{truth['density']}, {truth['margin']}",
        },
        tags=[label, lesion.row["split"]],
        link=link,
    )


def _overview(lesions: list[_Lesion], folder: Path) -> Card:
    """Draw the trunk of a patient, in planes through the lesion that lies most in its middle."""

    def distance(lesion: _Lesion) -> float:
        return float(np.abs(np.subtract(lesion.seed_mm, lesion.scan.geometry.center_mm)).max())

    lesion = min(lesions, key=distance)
    link = f"views/{lesion.row['patient_id']}.png"
    draw_views(
        lesion.scan, lesion.seed_mm, folder / link, window="soft-tissue", size_mm=OVERVIEW_MM
    )
    return Card(
        title=str(lesion.row["lesion_id"]),
        png=(folder / link).read_bytes(),
        alt="Axial, coronal and sagittal CT view of a trunk",
        link=link,
    )
