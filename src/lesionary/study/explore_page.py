"""The words and the order of the page that shows an exploration."""

from __future__ import annotations

import json
from html import escape
from importlib.resources import files

import numpy as np
import pandas as pd

from lesionary.evaluate.explore import Exploration
from lesionary.evaluate.explore.correlation import POSSESSIVE
from lesionary.study.explore_data import MOST_IN_MAP, class_words, page_data
from lesionary.study.page import links, numbers, page, section, table

_SIGNIFICANT = 0.05
_SHOWN_CLUSTERS = 12


def exploration_page(found: Exploration, source: str, statistics: str, command: str) -> str:
    """Return the page: counts, every feature with its picture, correlation, volume, methods.

    Parameters
    ----------
    found : Exploration
    source : str
        Name of the feature table.
    statistics : str
        The table of all statistics beside the page.
    command : str
        What makes this page.
    """
    rows = found.rows
    by = f", by {rows.label_name}" if rows.label is not None else ""
    sections = [numbers(_numbers(found)), _notes(found)]
    if rows.label is not None:
        sections.append(section("Classes", table(_classes(found), "Rows by class")))
    sections.append(
        section(
            "Features",
            _EXPLORER,
            text="Press a heading to sort, a feature to see its distribution, its ROC curve and "
            "what it repeats. An AUC below 0.5 means that lower values speak for the class.",
        )
    )
    if rows.label is not None:
        sections.append(
            section("p-values", '<div id="p-values"></div>', text=_p_words(found.statistics))
        )
    sections.append(section("Correlation", _MAP, _clusters(found), text=_map_words(found)))
    if rows.volume is not None:
        sections.append(section("Volume", _volume(found), text=_volume_words(found)))
    sections += [
        section("Methods", _paragraphs(_methods(found))),
        section("Files", links({statistics: "all statistics, one row a feature"})),
    ]
    return page(
        "Features explored",
        f"{rows.features.shape[1]:,} features of {len(rows):,} rows of {source}{by}.",
        [f'<div class="explore"><style>{_asset("explore.css")}</style>', *sections, _script(found)],
        made_by=command,
    )


_EXPLORER = """
<div class="explorer"><div>
<div class="tools">
<input id="search" type="search" placeholder="Search features: words, in any order"
 aria-label="Search features"></div>
<div class="rows" tabindex="0"><table><thead></thead><tbody></tbody></table></div>
<p class="count"></p><button type="button" id="more" hidden>Show more</button></div>
<div class="detail" aria-live="polite"></div></div>
<noscript><p>This part needs JavaScript; the numbers are in the CSV file beside the page.</p>
</noscript>
"""

_MAP = """
<div class="map"><canvas aria-label="Heat map of the correlations of all pairs of features"
 role="img"></canvas><div class="told"><div class="pair">Point at the map to see which two features
it is, press to see the first of them.</div><div class="scale"></div>
<p><span>−1</span><span>0</span><span>1</span></p></div></div>
"""


def _numbers(found: Exploration) -> dict[str, object]:
    rows, statistics = found.rows, found.statistics
    shown: dict[str, object] = {"rows": f"{len(rows):,}"}
    if rows.patients_known:
        shown["patients"] = f"{rows.patients:,}"
    shown["features"] = f"{len(statistics):,}"
    if rows.label is not None:
        shown["p < 0.05, FDR"] = f"{int((statistics['p_fdr'] < _SIGNIFICANT).sum()):,}"
        shown["p < 0.05, Bonferroni"] = (
            f"{int((statistics['p_bonferroni'] < _SIGNIFICANT).sum()):,}"
        )
    shown["clusters"] = f"{found.clusters.count:,}"
    if rows.volume is not None:
        shown["stand for volume"] = f"{int(statistics['stands_for_volume'].sum()):,}"
    tested = statistics["shapiro_p"].notna()
    normal = statistics["shapiro_p"] >= _SIGNIFICANT
    shown["not shown to be not normal"] = f"{int(normal.sum()):,} of {int(tested.sum()):,}"
    return shown


def _notes(found: Exploration) -> str:
    rows, statistics = found.rows, found.statistics
    notes = list(rows.notes)
    if len(rows.set_aside):
        reasons = rows.set_aside["reason"].value_counts()
        told = ", ".join(f"{count:,}: {reason}" for reason, count in reasons.items())
        notes.append(f"{len(rows.set_aside):,} rows were set aside ({told}).")
    for what, count in (
        (
            "have missing values: those rows are left out for them",
            (statistics["missing"] > 0).sum(),
        ),
        ("are constant", (statistics["min"] == statistics["max"]).sum()),
    ):
        if count:
            notes.append(f"{int(count):,} features {what}.")
    items = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return f'<ul class="notes">{items}</ul>' if items else ""


def _classes(found: Exploration) -> pd.DataFrame:
    rows = found.rows
    assert rows.label is not None
    counts = np.bincount(rows.label, minlength=len(rows.classes))
    shown = pd.DataFrame(
        {"rows": counts, "share": [f"{100 * count / len(rows):.1f} %" for count in counts]},
        index=pd.Index(rows.classes, name=rows.label_name),
    )
    if rows.patients_known:
        patients = [len(np.unique(rows.patient[rows.label == k])) for k in range(len(counts))]
        shown.insert(1, "patients", patients)
    return shown


def _p_words(statistics: pd.DataFrame) -> str:
    tested = int(statistics["p"].notna().sum())
    low = int((statistics["p"] < _SIGNIFICANT).sum())
    return (
        f"If no feature told the classes apart, all bars would be about as high as the line: "
        f"{tested * _SIGNIFICANT:,.0f} of {tested:,} features would have p < 0.05. Here {low:,} "
        "have."
    )


def _map_words(found: Exploration) -> str:
    order, clusters = found.clusters.order, found.clusters
    words = (
        f"{POSSESSIVE[found.kind]}, alike features next to each other. "
        f"In {clusters.count:,} clusters all pairs correlate by {found.correlated:g} or more, "
        "either way; "
        f"{int((clusters.size[clusters.representative] > 1).sum()):,} have more than one feature. "
        "The representative is the feature nearest to the others of its cluster; the class has no "
        "part in this."
    )
    if len(order) > MOST_IN_MAP:
        words += f" The map shows the representatives of the {MOST_IN_MAP:,} largest clusters."
    return words


def _clusters(found: Exploration) -> str:
    statistics = found.statistics
    chosen = statistics[statistics["representative"] & (statistics["cluster_size"] > 1)]
    if chosen.empty:
        return ""
    chosen = chosen.sort_values("cluster").head(_SHOWN_CLUSTERS)
    shown = pd.DataFrame(
        {"features": chosen["cluster_size"], "representative": chosen["feature"]}
    ).set_index(pd.Index(chosen["cluster"], name="cluster"))
    for column, title in (
        ("auc", "AUC"),
        ("p_fdr", "p, FDR"),
        ("volume_spearman", "ρ with volume"),
    ):
        if column in chosen:
            shown[title] = [_short(value, column) for value in chosen[column]]
    return table(shown, f"The {len(shown)} largest clusters")


def _short(value: float, column: str) -> str:
    if np.isnan(value):
        return "–"
    return f"{value:.1e}" if column == "p_fdr" and value < 0.001 else f"{value:.3f}"


def _volume(found: Exploration) -> str:
    results = "".join(f"<p>{escape(str(result))}</p>" for result in found.volume)
    curves = '<div id="volume-roc"></div>' if found.rows.label is not None else ""
    if len(found.rows.classes) == 2:
        curves += '<div id="volume-pr"></div>'
    return f'{results}<div class="plots"><div id="by-volume"></div>{curves}</div>'


def _volume_words(found: Exploration) -> str:
    count = int(found.statistics["stands_for_volume"].sum())
    words = (
        f"{count:,} features have a Spearman correlation with {found.rows.volume_name} of "
        f"{found.stands_for_volume:g} or more, either way (beyond the dashed lines)."
    )
    if found.rows.label is not None:
        words += (
            " What lies at the sides and far from an AUC of 0.5 may tell no more than how large "
            "the lesion is, of which the curves show how much that is."
        )
    if found.volume and found.volume[0].value < 0.5:
        words += (
            f" Here a small volume speaks for {class_words(found, found.rows.classes[1])}: the AUC "
            f"of small volume is {1 - found.volume[0].value:.3f}, and precision and recall, of "
            "large ones, stay low."
        )
    return words


def _methods(found: Exploration) -> list[str]:
    level = f"{found.level * 100:g} %"
    told = [
        "Rows of two tables are joined where the identifier is the same. A missing value leaves "
        "its row out for that feature only.",
        "Normality: Shapiro and Wilk's test of all rows together. Skewness: Fisher and Pearson's.",
        f"Correlation: {POSSESSIVE[found.kind]}. Clusters: complete linkage of 1 − |ρ|.",
    ]
    if found.rows.label is not None:
        test = (
            "Kruskal and Wallis's test"
            if len(found.rows.classes) > 2
            else "Mann and Whitney's test, two-sided, with corrections for ties and continuity "
            "(exact for small classes without ties)"
        )
        told.append(
            f"Classes: {test}; p-values corrected for all tested features by Benjamini and "
            "Hochberg (FDR) and by Bonferroni. AUCs are exact, ties counting half; their "
            f"{level} intervals are DeLong's on the logit scale, with Obuchowski's variance where "
            "patients have several rows. Intervals are not corrected for the number of features: "
            "the largest of many AUCs is too good, and needs other patients to confirm it."
        )
    if found.rows.volume is not None:
        told.append(f"Intervals of correlations with volume ({level}) are Bonett and Wright's.")
    told.append("The page holds values of the features and the classes, without identifiers.")
    return told


def _paragraphs(texts: list[str]) -> str:
    return "".join(f"<p>{escape(text)}</p>" for text in texts)


def _script(found: Exploration) -> str:
    data = json.dumps(page_data(found), allow_nan=False, separators=(",", ":"))
    data = data.replace("<", "\\u003c")
    return (
        f'<script type="application/json" id="explore-data">{data}</script>'
        f"<script>{_asset('explore_charts.js')}{_asset('explore.js')}</script></div>"
    )


def _asset(name: str) -> str:
    return files("lesionary.study").joinpath(name).read_text(encoding="utf-8")
