"""``lesionary encoders``: which there are, what their cards say, and their weights."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from lesionary.errors import EncoderError

if TYPE_CHECKING:
    from rich.console import Console

_WIDE = 100
"""Columns of a terminal in which no cell but the last is folded."""

app = typer.Typer(
    name="encoders",
    help="Encoders: what there is, what each card says, and fetching weights.",
    rich_markup_mode="rich",
)

Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="An encoder's name, random:NAME for its untrained control, or the path of a card "
        "(.yaml) or of a trained encoder's folder.",
        show_default=False,
    ),
]


def _console() -> Console:
    """Return where to print; what is no terminal, as grep, gets one line a row."""
    from rich.console import Console

    console = Console(markup=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = 2 * _WIDE
    return console


@app.callback(invoke_without_command=True)
def _default(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_encoders()


@app.command("list")
def list_encoders() -> None:
    """List the encoders: features, parameters, licence, and whether the weights are here."""
    from rich import box
    from rich.table import Table

    from lesionary.encode import card_names, load_card
    from lesionary.encode.cache import weights_state

    console = _console()
    table = Table(box=box.SIMPLE)
    table.add_column("name", no_wrap=True)
    table.add_column("features", justify="right", no_wrap=True)
    table.add_column("size", justify="right", no_wrap=True)
    table.add_column("weights", max_width=None if console.width >= _WIDE else 9)
    table.add_column("what")
    for name in card_names():
        card = load_card(name)
        table.add_row(
            name,
            f"{card.dimension:,}",
            f"{card.parameters / 1e6:.1f} M",
            weights_state(card),
            card.title + ("; not for commercial use" if card.non_commercial else ""),
        )
    console.print(table)
    console.print("lesionary encoders show NAME prints a card. Sizes are numbers of parameters.")


@app.command()
def show(name: Name) -> None:
    """Print a card: network, input, weights, licences, training data and known limits.

    [bold]Example[/bold]

      lesionary encoders show fmcib
    """
    from rich.table import Table

    from lesionary.encode import load_card
    from lesionary.encode.describe import describe_card

    card = load_card(name)
    table = Table(title=card.name, title_justify="left", show_header=False)
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    for heading, text in describe_card(card).items():
        table.add_row(heading, text)
    _console().print(table)


@app.command()
def fetch(
    name: Name,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Accept a non-commercial licence.")
    ] = False,
) -> None:
    """Download an encoder's weights, resumed and checked, into the folder of weights.

    That folder is the user's cache, or what [bold]LESIONARY_WEIGHTS[/bold] names.

    [bold]Example[/bold]

      lesionary encoders fetch fmcib
    """
    from lesionary.encode import load_card
    from lesionary.encode.fetch import fetch_weights, plan_download

    card = load_card(name)
    download = plan_download(card)
    if download is not None:
        typer.echo(f"{card.title}. Licence of the weights: {card.weights_licence}")
        # Whoever goes on with a download has accepted its licence.
        if card.non_commercial and not yes and not download.part.exists():
            _ask(card.name)
    typer.echo(f"The weights of {card.name} are at {fetch_weights(card)}")


def _ask(name: str) -> None:
    try:
        typer.confirm("They are not for commercial use. Do you accept that?", abort=True)
    except typer.Abort as error:
        raise EncoderError(
            f"The weights of {name} are not fetched: their licence was not accepted. Where nobody "
            "can answer, --yes accepts it."
        ) from error
