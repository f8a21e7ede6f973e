"""The command line: one file a room, each thin (parse, call, print)."""

from __future__ import annotations

import atexit
import gc
import sys
from typing import Annotated

import typer

from lesionary import __version__, progress
from lesionary.cli import (
    checklist,
    cohort,
    curate,
    demo,
    encoders,
    evaluate,
    extract,
    features,
    features_explore,
    finetune,
    fit,
    fit_survival,
    harmonise,
    phantom,
    predict,
    pretrain,
    radiomics,
    robustness,
    scan,
)
from lesionary.cli.exits import USER_ERROR
from lesionary.errors import LesionaryError

app = typer.Typer(
    name="lesionary",
    help="From CT scans to a validated imaging biomarker. Research use only.",
    epilog="Start with: lesionary demo. --quiet and --debug may also follow a command.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(cohort.app)
app.add_typer(curate.app)
app.add_typer(scan.app)
app.add_typer(phantom.app)
app.command()(extract.extract)
app.command()(radiomics.radiomics)
features.app.command()(features_explore.explore)
app.add_typer(features.app)
app.add_typer(encoders.app)
app.command()(pretrain.pretrain)
app.command()(finetune.finetune)
app.command()(harmonise.harmonise)
app.add_typer(robustness.app)
app.command()(fit.fit)
app.command()(fit_survival.fit_survival)
app.command()(predict.predict)
app.command()(evaluate.evaluate)
app.add_typer(checklist.app)
app.command()(demo.demo)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"lesionary {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bars.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of errors.")] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    progress.set_quiet(quiet)


def main() -> None:
    """Run the command line; a user's error is one line and exit status 2."""
    # Hundreds of thousands of objects come with torch, and none of them is garbage: looking
    # through them again and again takes a second while they are imported, and one at the end.
    gc.set_threshold(100_000, *gc.get_threshold()[1:])
    atexit.register(gc.freeze)
    words = sys.argv[1:]
    # --quiet and --debug belong to every command, so they may stand behind it as well.
    anywhere = [word for word in ("--quiet", "--debug") if word in words]
    try:
        app(anywhere + [word for word in words if word not in anywhere])
    except (LesionaryError, OSError) as error:
        if "--debug" in anywhere:
            raise
        typer.secho(f"Error: {error}", fg=typer.colors.RED, err=True)
        sys.exit(USER_ERROR)
