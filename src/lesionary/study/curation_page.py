"""The page of a curation: what failed, and a thumbnail of every series and region."""

from __future__ import annotations

import pandas as pd

from lesionary.cohort.curate import Checked
from lesionary.study.page import Card, gallery, numbers, page, section, table

_FAILED_SHOWN = 200


def curation_page(checked: Checked, command: str) -> str:
    """Return the page of a checked folder.

    Parameters
    ----------
    checked : Checked
    command : str
        What makes this page.
    """
    flags = checked.flags
    failed = flags[flags["outcome"] == "failed"]
    about = checked.described.table
    sections = [
        numbers(
            {
                "patients": about["patient"].nunique(),
                "series checked": flags["series"].nunique(),
                "with a failed check": failed["series"].nunique(),
                "files set aside": len(checked.set_aside),
            }
        ),
        section("Checks", table(_counts(flags), "Series by outcome of each check")),
    ]
    if len(failed):
        shown = failed.head(_FAILED_SHOWN).set_index("series")[["path", "check", "reason"]]
        rest = len(failed) - len(shown)
        more = f" The first {_FAILED_SHOWN}; {rest} more are in flags.csv." if rest else ""
        sections.append(
            section("Failed", table(shown, "Each failed check, with the reason") + more)
        )
    sections.append(
        section(
            "Thumbnails",
            gallery(_cards(checked, failed)),
            text="Each series through its middle, and each region with its outline: axial, "
            "coronal, sagittal. The bar is 10 mm.",
        )
    )
    return page(
        "Curation",
        "Which scans are fit for use, and why not: every check of every series.",
        sections,
        command,
    )


def _counts(flags: pd.DataFrame) -> pd.DataFrame:
    counts = pd.crosstab(flags["check"], flags["outcome"])
    wanted = ["passed", "failed", "not possible"]
    return counts.reindex(index=flags["check"].unique(), columns=wanted, fill_value=0)


def _cards(checked: Checked, failed: pd.DataFrame) -> list[Card]:
    about = checked.described.table.set_index("series")
    cards = []
    for series, thumbnails in checked.thumbnails.items():
        row = about.loc[series]
        wrong = failed.loc[failed["series"] == series, "check"].tolist()
        for one in thumbnails:
            facts = {"patient": str(row["patient"]), "path": str(row["path"])}
            if one.roi:
                facts["volume"] = f"{one.volume_ml:.3g} ml"
            else:
                facts |= {"slices": str(row["slices"]), "failed": ", ".join(wrong) or "none"}
            title = f"{series} {one.roi}".strip()
            cards.append(
                Card(title, one.png, f"Three views of {title}", facts, [str(row["modality"])])
            )
    return cards
