"""The demo: a synthetic cohort, from its scans to a page that shows every lesion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesionary.cohort import (
    SPLITS,
    Cohort,
    Problem,
    check_cohort,
    problems_table,
    read_cohort,
    split_cohort,
)
from lesionary.cohort.table import write_table
from lesionary.files import atomic_path
from lesionary.phantom import PhantomConfig, make_cohort
from lesionary.progress import track
from lesionary.scan import Scan, draw_strip, draw_views, read_mask, read_scan
from lesionary.study.page import (
    Card,
    commands,
    figure,
    gallery,
    links,
    numbers,
    page,
    section,
    table,
)

FRACTIONS = {"train": 0.5, "tune": 0.25, "test": 0.25}
OVERVIEW_MM = 440.0
LABEL = "malignant"
WINDOW_OF: Mapping[str, str | tuple[float, float]] = {"lung": "lung", "bone": (250.0, 1000.0)}

FILES = {
    "cohort.csv": "the lesion table: one row a lesion, with its seed, its scan and its label",
    "truth.csv": "how each lesion was made, which no real study knows",
    "problems.csv": "what the check of the table found",
    "split.csv": "the lesion table with its split by patient",
    "patches.npz": "the patches that were cut: lesion_id and patches, float32 (n, 1, z, y, x)",
}


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
    """Make a synthetic cohort, check, split and cut it, and show it on one page.

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

    index = folder / "index.html"
    html = _page(
        cohort,
        problems,
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


def _page(
    cohort: Cohort,
    problems: tuple[Problem, ...],
    overview: Card,
    cards: list[Card],
    command: str,
) -> str:
    patients = cohort.table["patient_id"].nunique()
    errors = sum(problem.level == "error" for problem in problems)
    return page(
        "Lesionary demo",
        f"{len(cohort)} lesions of {patients} synthetic patients, from CT scan to patch. Nobody "
        "was scanned for this: every voxel is computed, so the truth of each lesion is known.",
        [
            numbers(
                {
                    "patients": patients,
                    "lesions": len(cohort),
                    "malignant": int(cohort.table[LABEL].sum()),
                    "errors in the table": errors,
                    "warnings": len(problems) - errors,
                }
            ),
            section(
                "A patient",
                figure(overview.png, overview.alt),
                text=f"One of the scans. The cross marks lesion {overview.title}.",
            ),
            section(
                "Lesions",
                gallery(cards),
                text="Axial, coronal and sagittal plane through each seed, 50 mm wide: what is "
                "cut as a patch. The line is the true outline, the bar is 10 mm. Each picture "
                "opens larger, with the sides of the patient.",
            ),
            section(
                "Split",
                table(_split_counts(cohort), "Lesions by split and label"),
                text="All lesions of a patient are on the same side, and the label is as frequent "
                "on each as the number of patients allows.",
            ),
            section("Files", links(FILES), text="Beside this page:"),
            section(
                "Next",
                commands(
                    [
                        ("Check a lesion table of your own:", "lesionary cohort check cohort.csv"),
                        ("See what a scan holds:", "lesionary scan info ct.nii.gz"),
                        (
                            "Draw the place of a lesion:",
                            "lesionary scan patch ct.nii.gz --at=-52.5,30,110 --png lesion.png",
                        ),
                        (
                            "Make a larger cohort to practise on:",
                            "lesionary phantom make practice --patients 200 --seed 1",
                        ),
                    ]
                ),
            ),
        ],
        made_by=command,
    )


def _split_counts(cohort: Cohort) -> pd.DataFrame:
    label = cohort.table[LABEL].map({0: "benign", 1: "malignant"})
    counts = pd.crosstab(cohort.table["split"], label, margins=True, margins_name="all")
    patients = cohort.table.groupby("split")["patient_id"].nunique()
    patients["all"] = patients.sum()
    order = [name for name in (*SPLITS, "all") if name in counts.index]
    return counts.rename(columns={"all": "lesions"}).assign(patients=patients).loc[order]
