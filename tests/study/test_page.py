"""A page is self-contained, escaped, and can be read by all."""

from __future__ import annotations

import itertools
import re
from html.parser import HTMLParser

import pandas as pd
import pytest

from lesionary.study.page import (
    NOTICE,
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

NASTY = "<script>alert('x')</script> & \"quotes\""
VOID = {"meta", "img", "br", "link"}


class Checker(HTMLParser):
    """Collects tags and attributes, and sees that every element is closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture
def html() -> str:
    counts = pd.DataFrame({"benign": [3, 1], NASTY: [2, 0]}, index=pd.Index(["train", "test"]))
    card = Card(NASTY, b"\x89PNG", NASTY, {"size": "8 mm", NASTY: NASTY}, [NASTY], "views/a b.png")
    return page(
        NASTY,
        NASTY,
        [
            numbers({"lesions": 6, NASTY: NASTY}),
            section(NASTY, table(counts, NASTY), text=NASTY),
            section("Lesions", gallery([card, Card("plain", b"", "a circle")])),
            section("A patient", figure(b"", NASTY)),
            section("Next", commands([(NASTY, NASTY)]), links({NASTY: NASTY})),
        ],
        NASTY,
    )


def test_text_stays_text(html):
    assert "script" not in {tag for tag, _ in Checker(html).tags}
    assert html.count("&lt;script&gt;") > 10


def test_nothing_is_fetched_from_elsewhere(html):
    assert not re.search(r"(https?:)?//[a-z]", html)
    for _, attributes in Checker(html).tags:
        source = attributes.get("src") or ""
        assert source == "" or source.startswith("data:")


def test_pictures_have_a_description_and_headings_an_order(html):
    tags = Checker(html).tags
    assert all(attributes.get("alt") for tag, attributes in tags if tag == "img")
    levels = [int(tag[1]) for tag, _ in tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert dict(tags)["html"] == {"lang": "en"}


def test_a_card_without_a_link_has_none():
    assert "<a " not in gallery([Card("plain", b"", "a circle")])


def test_the_notice_is_on_every_page(html):
    assert NOTICE in html


def test_template_words_in_the_data_are_left_alone():
    assert "$lead costs $5" in page("$lead costs $5", "$style", [], "$made_by")
