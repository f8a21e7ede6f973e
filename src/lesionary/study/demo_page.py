"""The words and the order of the demo's page."""

from __future__ import annotations

import pandas as pd

from lesionary.cohort import SPLITS, Cohort, Problem
from lesionary.encode import load_card, project_features, projection_figure
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

LABEL = "malignant"
ENCODER = "phantom_tiny"

FILES = {
    "cohort.csv": "the lesion table: one row a lesion, with its seed, its scan and its label",
    "truth.csv": "how each lesion was made, which no real study knows",
    "problems.csv": "what the check of the table found",
    "split.csv": "the lesion table with its split by patient",
    "features.parquet": f"what {ENCODER} makes of each patch, and how it was made",
    "patches.npz": "the patches that were cut: lesion_id and patches, float32 (n, 1, z, y, x)",
}


def demo_page(
    cohort: Cohort,
    problems: tuple[Problem, ...],
    features: pd.DataFrame,
    overview: Card,
    cards: list[Card],
    command: str,
) -> str:
    """Return the page: the cohort, one patient, the features, and a card for each lesion.

    Parameters
    ----------
    cohort : Cohort
        With its split.
    problems : tuple of Problem
        What the check found.
    features : DataFrame
        ``lesion_id`` and the features of each lesion.
    overview : Card
        A patient; its title is the lesion that is marked.
    cards : list of Card
        The lesions; their titles are the ``lesion_id``.
    command : str
        What makes this page.
    """
    patients = cohort.table["patient_id"].nunique()
    errors = sum(problem.level == "error" for problem in problems)
    return page(
        "Lesionary demo",
        f"{len(cohort)} lesions of {patients} synthetic patients, from CT scan to features. Nobody "
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
            section("Features", _feature_map(features, cards), text=_about_features()),
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
                            "Extract features of all lesions of a table:",
                            f"lesionary extract cohort.csv --encoder {ENCODER} "
                            "--out features.parquet",
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


def _about_features() -> str:
    card = load_card(ENCODER)
    return (
        f"The encoder {card.name} makes {card.dimension} numbers of each patch; here they are in "
        "two dimensions, coloured by site. Near each other is what looks alike to the network. "
        "Point at a lesion to see it, or press a site to find its lesions. What the encoder's "
        f"card says of its limits: {' '.join(card.limits)}"
    )


def _feature_map(features: pd.DataFrame, cards: list[Card]) -> str:
    projection = project_features(features)
    card_of = {card.title: card for card in cards}
    shown = [card_of[lesion_id] for lesion_id in projection["lesion_id"]]
    facts = pd.DataFrame(
        [{**card.facts, **dict(zip(("label", "split"), card.tags, strict=True))} for card in shown]
    )
    return projection_figure(
        projection,
        color=facts.pop("site"),
        facts=facts,
        pictures={card.title: f"#{card.title}" for card in shown},
    )


def _split_counts(cohort: Cohort) -> pd.DataFrame:
    label = cohort.table[LABEL].map({0: "benign", 1: "malignant"})
    counts = pd.crosstab(cohort.table["split"], label, margins=True, margins_name="all")
    patients = cohort.table.groupby("split")["patient_id"].nunique()
    patients["all"] = patients.sum()
    order = [name for name in (*SPLITS, "all") if name in counts.index]
    return counts.rename(columns={"all": "lesions"}).assign(patients=patients).loc[order]
