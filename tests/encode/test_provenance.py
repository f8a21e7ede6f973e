"""How tables were made, told apart."""

from __future__ import annotations

from lesionary.encode.provenance import differences, in_words


def test_many_differences_are_cut_short():
    before = {f"setting {number}": number for number in range(8)}
    after = {name: value + 1 for name, value in before.items()}
    told = in_words(differences(before, after))
    assert told.startswith("setting 0 was 0, is 1; setting 1 was 1, is 2; ")
    assert told.endswith("setting 4 was 4, is 5; and 3 more")
    assert in_words([]) == ""
