"""``lesionary encoders``: which there are, what their cards say, and their weights."""

from __future__ import annotations

from typing import Annotated

import typer

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


@app.callback(invoke_without_command=True)
def _default(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_encoders()


@app.command("list")
def list_encoders() -> None:
    """List the encoders: features, parameters, licence, and whether the weights are here."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from lesionary.encode import card_names, load_card
    from lesionary.encode.cache import weights_state

    table = Table(box=box.SIMPLE, title_justify="left")
    for heading in ("name", "features", "parameters", "commercial use", "weights", "what"):
        table.add_column(
            heading,
            justify="right" if heading in ("features", "parameters") else "left",
            no_wrap=heading != "what",
        )
    for name in card_names():
        card = load_card(name)
        table.add_row(
            name,
            f"{card.dimension:,}",
            f"{card.parameters / 1e6:.1f} M",
            "no" if card.non_commercial else "",
            weights_state(card),
            card.title,
        )
    console = Console(markup=False)
    console.print(table)
    console.print("lesionary encoders show NAME prints a card.")


@app.command()
def show(name: Name) -> None:
    """Print a card: network, input, weights, licences, training data and known limits.

    [bold]Example[/bold]

      lesionary encoders show fmcib
    """
    from rich.console import Console
    from rich.table import Table

    from lesionary.encode import load_card
    from lesionary.encode.describe import describe_card

    card = load_card(name)
    table = Table(title=card.name, title_justify="left", show_header=False)
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    for heading, text in describe_card(card).items():
        table.add_row(heading, text)
    Console(markup=False).print(table)


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
    from lesionary.encode.cache import cached_path
    from lesionary.encode.fetch import fetch_weights

    card = load_card(name)
    if card.weights and cached_path(card.weights).is_file():
        typer.echo(f"The weights of {card.name} are at {cached_path(card.weights)}")
        return
    typer.echo(f"{card.title}. Licence of the weights: {card.weights_licence}")
    if card.non_commercial and not yes:
        typer.confirm("They are not for commercial use. Do you accept that?", abort=True)
    typer.echo(f"The weights of {card.name} are at {fetch_weights(card)}")
