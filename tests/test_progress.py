"""Progress is for people at a terminal."""

from __future__ import annotations

import io
import sys

from lesionary import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def terminal(monkeypatch) -> Terminal:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    return screen


def test_nothing_is_drawn_into_a_log(capsys):
    assert list(progress.track(range(3), "Reading")) == [0, 1, 2]
    assert capsys.readouterr() == ("", "")


def test_a_terminal_sees_what_is_going_on(monkeypatch):
    screen = terminal(monkeypatch)
    assert list(progress.track(range(3), "Reading")) == [0, 1, 2]
    assert "Reading" in screen.getvalue()


def test_quiet_is_quiet(monkeypatch):
    screen = terminal(monkeypatch)
    progress.set_quiet(True)
    try:
        assert list(progress.track(range(3), "Reading")) == [0, 1, 2]
    finally:
        progress.set_quiet(False)
    assert screen.getvalue() == ""


def test_items_come_one_by_one(monkeypatch):
    terminal(monkeypatch)
    taken = []
    endless = iter(int, 1)
    for item in progress.track(endless, "Reading", total=3):
        taken.append(item)
        if len(taken) == 3:
            break
    assert taken == [0, 0, 0]
