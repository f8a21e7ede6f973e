"""``lesionary features``: look at tables of features."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(
    name="features",
    help="Feature tables: how one was made, and how it looks.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)

Table = Annotated[Path, typer.Argument(metavar="FILE", help="Feature table.", show_default=False)]


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
        "made": f"{about['created']}, on {about['device']}, {about['precision']}, "
        f"batches of {about['batch_size']}",
        "by": ", ".join(f"{name} {number}" for name, number in about["versions"].items()),
    }
    for one in about["encoders"]:
        facts[one["name"]] = (
            f"{one['dimension']:,} features\ncard {one['card_hash']}\nweights {one['weights_hash']}"
        )
        recipe = {name: value for name, value in one["recipe"].items() if name != "description"}
        facts[f"{one['name']} patches"] = "\n".join(
            f"{name}: {value}" for name, value in recipe.items()
        )
    if about["precropped"]:
        facts["images"] = "patches already (precropped)"
    facts["inputs"] = f"{about['inputs']['scans']:,} scans, together {about['inputs']['sha256']}"
    return facts
