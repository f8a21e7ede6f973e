"""``lesionary features``: look at tables of features."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from pandas import DataFrame

app = typer.Typer(
    name="features",
    help="Feature tables: how one was made, and how it looks.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)

Table = Annotated[Path, typer.Argument(metavar="FILE", help="Feature table.", show_default=False)]


_NOT_SHOWN = ("lesion_id", "image_path", "mask_path", "mask_label", "coordX", "coordY", "coordZ")
_MOST_SHOWN = 8
"""Columns of the lesion under the cursor."""


@app.command()
def info(file: Table) -> None:
    """Show how a feature table was made: encoder, weights, patches, versions, inputs.

    [bold]Examples[/bold]

      lesionary features info features.parquet
    """
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table as View

    from lesionary.encode import read_provenance
    from lesionary.encode.features import FeaturesError

    about = read_provenance(file)
    if about is None:
        raise FeaturesError(
            f"{file} does not say how it was made: it was not written by Lesionary, or (CSV) the "
            "file .provenance.json beside it is missing."
        )
    view = View(box=box.SIMPLE, show_header=False, title=str(file), title_justify="left")
    view.add_column(style="bold")
    view.add_column(overflow="fold")
    for name, value in _facts(about).items():
        view.add_row(name, escape(value))
    Console().print(view)


def _facts(about: dict[str, Any]) -> dict[str, str]:
    facts = {
        "lesions": f"{about['lesions']:,} ({about['set_aside']:,} rows set aside)",
        "made": about["created"]
        + (
            f", on {about['device']}, {about['precision']}, batches of {about['batch_size']}"
            if "device" in about
            else ""
        ),
        "by": ", ".join(f"{name} {number}" for name, number in about["versions"].items()),
    }
    for one in about["encoders"]:
        if "harmonised" in one:
            facts[f"{one['name']} harmonised"] = _plain(one["harmonised"])
        if "settings" in one:
            facts.update(_radiomics(one))
            continue
        facts[one["name"]] = (
            f"{one['dimension']:,} features\ncard {one['card_hash']}\nweights {one['weights_hash']}"
        )
        facts[f"{one['name']} patches"] = "\n".join(
            f"{name}: {_plain(value)}" for name, value in one["recipe"].items()
        )
    if about["precropped"]:
        facts["images"] = "patches already (precropped)"
    facts["inputs"] = f"{about['inputs']['scans']:,} scans, together {about['inputs']['sha256']}"
    if "masks_sha256" in about["inputs"]:
        facts["masks"] = f"together {about['inputs']['masks_sha256']}"
    return facts


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(one)}" for name, one in value.items())
    return "-" if value is None else str(value)


def _radiomics(one: dict[str, Any]) -> dict[str, str]:
    settings = "\n".join(f"{name}: {value}" for name, value in one["settings"].items())
    return {
        one["name"]: f"{one['dimension']:,} features\nsettings {one['settings_hash']}",
        f"{one['name']} settings": settings,
    }


@app.command()
def plot(
    file: Table,
    color: Annotated[
        str | None,
        typer.Option(help="Column to colour by, of FILE or of --table.", show_default=False),
    ] = None,
    table: Annotated[
        Path | None,
        typer.Option(help="Lesion table with further columns.", show_default=False),
    ] = None,
    out: Annotated[
        Path, typer.Option(help="Picture to write: .html, which answers the cursor, or .png.")
    ] = Path("features.html"),
    seed: Annotated[int, typer.Option(help="Of t-SNE.")] = 0,
) -> None:
    """Draw a feature table as a map: PCA and t-SNE, one point a lesion.

    [bold]Examples[/bold]

      lesionary features plot features.parquet

      lesionary features plot features.parquet --table cohort.csv --color label --out map.png
    """
    from lesionary.encode import draw_projection, project_features, projection_figure, read_features
    from lesionary.encode.features import FeaturesError
    from lesionary.spelling import hint

    if out.suffix.lower() not in (".html", ".png"):
        raise FeaturesError(f"{out} ends neither in .html nor in .png.")
    features = read_features(file)
    if "lesion_id" not in features:  # as in the published package's tables
        features.insert(0, "lesion_id", [f"row_{row}" for row in range(2, len(features) + 2)])
    facts = _facts_of(features, file, table)
    if color is not None and table is None and color in features and color not in facts:
        facts[color] = features.pop(color)  # a number, but here no feature
    if color is not None and color not in facts:
        raise FeaturesError(
            f"There is no column {color!r} in "
            + (
                f"{table}{hint(color, map(str, facts))}."
                if table
                else f"{file}: say which --table has it."
            )
        )
    projection = project_features(features, seed=seed)
    values = None if color is None else facts[color]
    if out.suffix.lower() == ".png":
        draw_projection(projection, out, values)
    else:
        shown = [name for name in facts.columns if name not in _NOT_SHOWN and name != color]
        figure = projection_figure(projection, values, facts[shown[:_MOST_SHOWN]])
        _write_page(file, out, figure, len(facts))
    typer.echo(f"Wrote {out}: {len(projection):,} lesions.")


def _facts_of(features: DataFrame, file: Path, table: Path | None) -> DataFrame:
    """Return what is known of each lesion besides its features, in their order."""
    from lesionary.cohort.table import read_table
    from lesionary.encode import feature_columns
    from lesionary.encode.features import FeaturesError

    known = features.drop(columns=feature_columns(features))
    if table is None:
        return known
    facts = read_table(table)
    if "lesion_id" not in facts:
        raise FeaturesError(f"{table} has no column 'lesion_id', so its rows cannot be told apart.")
    twice = facts.loc[facts["lesion_id"].duplicated(), "lesion_id"]
    if len(twice):
        raise FeaturesError(f"{table} has more than one row of lesion {twice.iloc[0]!r}.")
    if not facts["lesion_id"].isin(known["lesion_id"]).any():
        raise FeaturesError(f"{table} has none of the lesions of {file}: is it that of others?")
    return known[["lesion_id"]].merge(facts, on="lesion_id", how="left", validate="one_to_one")


def _write_page(file: Path, out: Path, figure: str, count: int) -> None:
    from lesionary.files import atomic_path
    from lesionary.study.page import page, section

    html = page(
        "Feature map",
        f"{count:,} lesions of {file.name}; those with similar features are near each other.",
        [section("Projection", figure)],
        made_by=f"lesionary features plot {file.name}",
    )
    with atomic_path(out) as temporary:
        temporary.write_text(html, encoding="utf-8")
