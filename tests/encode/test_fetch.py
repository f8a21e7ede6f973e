"""Fetching weights, from a server on this machine: nothing else is reached."""

from __future__ import annotations

import functools
import http.server
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lesionary.cli.encoders import app
from lesionary.encode import ModelCard, WeightsFile, card_names, load_card
from lesionary.encode.fetch import fetch_weights
from lesionary.errors import EncoderError, WeightsError

CONTENT = bytes(range(256)) * 12_000


class Server(http.server.ThreadingHTTPServer):
    """Serves CONTENT at /weights.pt, by range, and breaks off where told."""

    break_after: int | None = None
    ranges_honoured = True
    requests: list[tuple[str, str | None]]


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.server.requests.append((self.path, asked))
        if self.path != "/weights.pt":
            self.send_error(404)
            return
        start = 0
        if asked and self.server.ranges_honoured:
            start = int(re.fullmatch(r"bytes=(\d+)-", asked)[1])
            if start >= len(CONTENT):
                self.send_error(416)
                return
        body = CONTENT[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: self.server.break_after])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as running:
        running.requests = []
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def make_card(server: Server, weights_folder: Path, monkeypatch):
    """Make a card whose weights are on the server."""
    monkeypatch.setenv("no_proxy", "*")

    def make(path: str = "/weights.pt", **changes: object) -> ModelCard:
        url = f"http://127.0.0.1:{server.server_port}{path}"
        weights = WeightsFile(**{"url": url, **changes})
        return load_card("fmcib").model_copy(update={"weights": weights})

    return make


@functools.cache
def digest() -> str:
    import hashlib

    return hashlib.sha256(CONTENT).hexdigest()


def part(folder: Path) -> Path:
    return folder / "weights.pt.part"


def test_whole_file(make_card, server: Server, weights_folder: Path):
    card = make_card(sha256=digest(), size_bytes=len(CONTENT))
    assert fetch_weights(card) == weights_folder / "weights.pt"
    assert (weights_folder / "weights.pt").read_bytes() == CONTENT
    assert [path.name for path in weights_folder.iterdir()] == ["weights.pt"]
    fetch_weights(card)
    assert server.requests == [("/weights.pt", None)], "what is here is not fetched again"


def test_interrupted_download_goes_on(make_card, server: Server, weights_folder: Path):
    card = make_card(sha256=digest())
    server.break_after = 1_500_000
    with pytest.raises(WeightsError, match="stopped after 1,500,000 of 3,072,000 bytes"):
        fetch_weights(card)
    assert not (weights_folder / "weights.pt").exists()
    server.break_after = 1_000_000
    with pytest.raises(WeightsError, match="stopped after 2,500,000 of 3,072,000 bytes"):
        fetch_weights(card)
    server.break_after = None
    assert fetch_weights(card).read_bytes() == CONTENT
    asked = [range_ for _, range_ in server.requests]
    assert asked == [None, "bytes=1500000-", "bytes=2500000-"]


def test_server_without_ranges_starts_again(make_card, server: Server, weights_folder: Path):
    weights_folder.mkdir()
    part(weights_folder).write_bytes(b"older")
    server.ranges_honoured = False
    assert fetch_weights(make_card(sha256=digest())).read_bytes() == CONTENT


def test_stopped_after_the_last_byte(make_card, weights_folder: Path):
    weights_folder.mkdir()
    part(weights_folder).write_bytes(CONTENT)
    assert fetch_weights(make_card(sha256=digest())).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"sha256": "0" * 64}, f"the card says {'0' * 64}"),
        ({"size_bytes": 5}, "gave 3,072,000 bytes, and the card says 5"),
    ],
)
def test_another_file_than_stated_is_deleted(make_card, weights_folder: Path, stated, message):
    with pytest.raises(WeightsError, match=message):
        fetch_weights(make_card(**stated))
    assert list(weights_folder.iterdir()) == []


def test_absent_on_the_server(make_card, weights_folder: Path):
    with pytest.raises(WeightsError, match=r"answers 404.*--weights"):
        fetch_weights(make_card("/elsewhere.pt"))
    assert list(weights_folder.iterdir()) == []


def test_no_network(make_card, server: Server):
    card = make_card()
    server.shutdown()
    server.server_close()
    with pytest.raises(WeightsError, match=r"stopped \(.*refused.*0 bytes are kept.*--weights"):
        fetch_weights(card)


def test_no_fixed_address(weights_folder: Path):
    with pytest.raises(WeightsError, match=r"No fixed address .* PASTA_final\.pth at https"):
        fetch_weights(load_card("pasta"))


@pytest.mark.parametrize(
    ("name", "message"),
    [("merlin", "its package brings them; pip install"), ("random", "it has none")],
)
def test_nothing_to_fetch(name: str, message: str):
    with pytest.raises(WeightsError, match=message):
        fetch_weights(load_card(name))


def run(*words: str, answer: str | None = None, width: int = 200):
    return CliRunner().invoke(app, words, input=answer, env={"COLUMNS": str(width)})


@pytest.fixture
def noncommercial(make_card, tmp_path: Path) -> Path:
    """The path of a card with weights on the server, not for commercial use."""
    import yaml

    card = make_card(sha256=digest()).model_copy(
        update={"non_commercial": True, "weights_licence": "Research only"}
    )
    path = tmp_path / "card.yaml"
    path.write_text(yaml.safe_dump(card.model_dump(mode="json", exclude_none=True)))
    return path


def test_noncommercial_licence_is_shown_and_asked_once(noncommercial: Path, weights_folder: Path):
    refused = run("fetch", str(noncommercial), answer="n\n")
    assert isinstance(refused.exception, EncoderError)
    assert "Research only" in refused.output
    assert not weights_folder.exists()
    accepted = run("fetch", str(noncommercial), answer="y\n")
    assert accepted.exit_code == 0
    assert (weights_folder / "weights.pt").read_bytes() == CONTENT
    again = run("fetch", str(noncommercial))
    assert again.exit_code == 0
    assert "accept" not in again.output


def test_a_licence_is_asked_once_also_where_the_download_stops(
    noncommercial: Path, weights_folder: Path, server: Server
):
    server.break_after = 1_000
    stopped = run("fetch", str(noncommercial), answer="y\n")
    assert isinstance(stopped.exception, WeightsError)
    server.break_after = None
    again = run("fetch", str(noncommercial))
    assert "accept" not in again.output
    assert (weights_folder / "weights.pt").read_bytes() == CONTENT


def test_where_nobody_answers_and_where_there_is_nothing_to_accept(noncommercial: Path):
    with pytest.raises(EncoderError, match=r"not accepted.*--yes"):
        raise run("fetch", str(noncommercial), answer="").exception
    by_hand = run("fetch", "ct_clip")
    assert "No fixed address" in str(by_hand.exception)
    assert by_hand.output == ""


def test_yes_accepts(noncommercial: Path, weights_folder: Path):
    assert run("fetch", str(noncommercial), "--yes").exit_code == 0
    assert (weights_folder / "weights.pt").is_file()


def test_list_and_bare_command(weights_folder: Path):
    listed = run("list")
    assert listed.exit_code == 0
    assert run().output == listed.output
    rows = {words[0]: line for line in listed.output.splitlines() if (words := line.split())}
    assert "184.5 M" in rows["fmcib"]
    assert "to fetch" in rows["fmcib"]
    assert "with the card" in rows["phantom_tiny"]
    weights_folder.mkdir()
    (weights_folder / "fmcib.torch").touch()
    assert "here" in run().output


def test_list_fits_a_terminal_and_gives_a_pipe_one_line_an_encoder(monkeypatch):
    narrow = run("list", width=80).output
    assert all(name in narrow for name in card_names())
    assert max(map(len, narrow.splitlines())) <= 80
    monkeypatch.delenv("COLUMNS", raising=False)
    piped = CliRunner().invoke(app, ["list"]).output.splitlines()
    for name in card_names():
        (line,) = (line for line in piped if line.split()[:1] == [name])
        assert load_card(name).title in line


def test_show_prints_the_card():
    shown = run("show", "models_genesis").output
    for text in (
        "48 x 48 x 48 voxels at 1 x 1 x 1 mm",
        "-1000 to 1000 HU become 0 to 1, clipped",
        "windows of 3 voxels at a stride of 2",
        "not for commercial use",
        "statistics of the batch",
        "LUNA16",
        load_card("models_genesis").hash,
    ):
        assert text in shown, text
    fmcib = run("show", "fmcib").output
    assert "[3, 4, 6, 3]" in fmcib
    assert "fmcib.torch, 738.5 MB" in fmcib  # the name that the folder of weights has to have
