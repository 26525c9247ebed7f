from __future__ import annotations

from pathlib import Path

from subiteya.cli.upload_file import claimed_note


def test_the_note_of_a_file_is_found_again(tmp_path: Path) -> None:
    with claimed_note(tmp_path, "abc") as note:
        note.write_text("half of it")
    with claimed_note(tmp_path, "abc") as again:
        assert again.read_text() == "half of it"


def test_who_sends_a_file_that_is_being_sent_has_a_note_of_its_own(tmp_path: Path) -> None:
    with (
        claimed_note(tmp_path, "abc") as ours,
        claimed_note(tmp_path, "abc") as theirs,
        claimed_note(tmp_path, "other") as third,
    ):
        assert len({ours, theirs, third}) == 3


def test_notes_are_for_their_owner_only(tmp_path: Path) -> None:
    with claimed_note(tmp_path / "uploads", "abc") as note:
        assert note.parent.stat().st_mode & 0o077 == 0
