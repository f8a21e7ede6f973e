"""Write the command line's reference from the commands' own help, when the site is built."""

import subprocess
import sys

PLACE = "<!-- commands -->"


def on_page_markdown(markdown: str, **_: object) -> str:
    """Put every command's help where the page has a place for it."""
    if PLACE not in markdown:
        return markdown
    command = ["-m", "typer", "lesionary.cli", "utils", "docs", "--name", "lesionary"]
    help_text = subprocess.run(
        [sys.executable, *command], check=True, capture_output=True, encoding="utf-8"
    ).stdout
    return markdown.replace(PLACE, help_text.partition("\n")[2])
