"""One self-contained HTML page: nothing is fetched, so it opens anywhere and can be mailed."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from importlib.resources import files
from string import Template

import pandas as pd

from lesionary import __version__

NOTICE = "For research only. Lesionary is not a medical device and must not guide patient care."


@dataclass(frozen=True)
class Card:
    """A picture with its name, its facts and a few tags.

    Attributes
    ----------
    title : str
        Also what the picture is found by: other parts of the page refer to it as ``#title``.
    png : bytes
        The picture, embedded in the page.
    alt : str
        What the picture shows, for those who do not see it.
    facts : mapping of str to str
        Name and value, in the order shown.
    tags : sequence of str
        Short words; the stylesheet knows ``malignant`` and ``benign``.
    link : str
        Where a click on the picture leads, relative to the page.
    """

    title: str
    png: bytes
    alt: str
    facts: Mapping[str, str] = field(default_factory=dict)
    tags: Sequence[str] = ()
    link: str = ""


def page(title: str, lead: str, sections: Iterable[str], made_by: str) -> str:
    """Return the whole page: a title, a sentence below it, and sections of HTML.

    Examples
    --------
    >>> html = page("A & B", "Two lesions.", [section("Counts", numbers({"lesions": 2}))], "a test")
    >>> "<h1>A &amp; B</h1>" in html
    True
    """
    folder = files("lesionary.study")
    return Template(folder.joinpath("page.html").read_text(encoding="utf-8")).substitute(
        title=escape(title),
        lead=escape(lead),
        style=folder.joinpath("page.css").read_text(encoding="utf-8"),
        body="\n".join(sections),
        made_by=escape(f"Made by Lesionary {__version__}, {made_by}."),
        notice=escape(NOTICE),
    )


def section(title: str, *parts: str, text: str = "") -> str:
    """Return a section with a heading, an optional paragraph, and parts of HTML."""
    paragraph = f"<p>{escape(text)}</p>" if text else ""
    return f"<section><h2>{escape(title)}</h2>{paragraph}{''.join(parts)}</section>"


def numbers(values: Mapping[str, object]) -> str:
    """Return a row of numbers, each above its name."""
    items = (
        f"<div><dt>{escape(name)}</dt><dd>{escape(str(value))}</dd></div>"
        for name, value in values.items()
    )
    return f'<dl class="numbers">{"".join(items)}</dl>'


def figure(png: bytes, alt: str) -> str:
    """Return one wide picture; ``alt`` says what it shows, for those who do not see it."""
    return f"<figure>{_image(png, alt)}</figure>"


def table(values: pd.DataFrame, caption: str) -> str:
    """Return a table with its index as row headings."""
    head = "".join(f'<th scope="col">{escape(str(name))}</th>' for name in values.columns)
    rows = "".join(
        f'<tr><th scope="row">{escape(str(name))}</th>'
        + "".join(f"<td>{escape(str(value))}</td>" for value in row)
        + "</tr>"
        for name, *row in values.itertuples(name=None)
    )
    corner = escape(str(values.index.name or ""))
    return (
        f'<div class="scroll"><table><caption>{escape(caption)}</caption>'
        f'<thead><tr><th scope="col">{corner}</th>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def commands(lines: Iterable[tuple[str, str]]) -> str:
    """Return what to try next: pairs of what it does and the command."""
    items = (
        f"<li>{escape(purpose)}<pre><code>{escape(line)}</code></pre></li>"
        for purpose, line in lines
    )
    return f'<ul class="commands">{"".join(items)}</ul>'


def links(targets: Mapping[str, str]) -> str:
    """Return a list of files beside the page: path and what it holds."""
    items = (
        f'<li><a href="{escape(path)}">{escape(path)}</a> {escape(purpose)}</li>'
        for path, purpose in targets.items()
    )
    return f'<ul class="files">{"".join(items)}</ul>'


def gallery(cards: Iterable[Card]) -> str:
    """Return cards in a grid that fits the reader's screen."""
    return f'<div class="gallery">{"".join(_card(card) for card in cards)}</div>'


def _card(card: Card) -> str:
    image = _image(card.png, card.alt, card.title)
    picture = f'<a href="{escape(card.link)}">{image}</a>' if card.link else image
    tags = "".join(f'<li class="{escape(tag)}">{escape(tag)}</li>' for tag in card.tags)
    facts = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>"
        for name, value in card.facts.items()
    )
    return (
        f"<article>{picture}<header><h3>{escape(card.title)}</h3>"
        f'<ul class="tags">{tags}</ul></header><dl>{facts}</dl></article>'
    )


def _image(png: bytes, alt: str, name: str = "") -> str:
    data = base64.b64encode(png).decode("ascii")
    identity = f'id="{escape(name)}" ' if name else ""
    return f'<img {identity}src="data:image/png;base64,{data}" alt="{escape(alt)}">'
