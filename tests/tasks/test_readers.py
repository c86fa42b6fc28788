"""Files to documents: what a scan sees, what each format gives, and how a bad file says what is wrong with it."""

from __future__ import annotations

import hashlib
import os
from datetime import date
from pathlib import Path

import pytest

from tandem.params import Documents
from tasks import convert, converted
from tasks.readers import READERS, FileStamp, Unreadable, read_document, scan

LIMITS = Documents()


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def reason(folder: Path, name: str, params: Documents = LIMITS) -> str:
    with pytest.raises(Unreadable) as caught:
        read_document(folder, name, params)
    return str(caught.value)


def test_a_scan_hashes_only_what_looks_different(tmp_path: Path):
    write(tmp_path, "b.md", "two")
    write(tmp_path, "sub/a.md", "one")
    first = scan(tmp_path, {})
    assert list(first.files) == ["b.md", "sub/a.md"]
    assert first.files["b.md"].md5 == hashlib.md5(b"two").hexdigest()
    assert (first.n_hashed, scan(tmp_path, first.files).n_hashed) == (2, 0)
    write(tmp_path, "b.md", "other")
    assert scan(tmp_path, first.files).n_hashed == 1


def test_a_suspect_is_hashed_though_size_and_time_are_the_same(tmp_path: Path):
    path = write(tmp_path, "a.md", "one")
    first = scan(tmp_path, {})
    stat = path.stat()
    path.write_text("two")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert scan(tmp_path, first.files).files == first.files
    assert scan(tmp_path, first.files, ["a.md"]).files["a.md"].md5 == hashlib.md5(b"two").hexdigest()


def test_hidden_temporary_and_backup_files_are_left_out(tmp_path: Path):
    for name in (".hidden.md", ".git/x.md", "~$x.docx", "x.md~", "#x.md#", ".x.md.swp", "x.tmp", "x.bak", "4913", "Thumbs.db", "keep.md"):
        write(tmp_path, name, "text")
    assert list(scan(tmp_path, {}).files) == ["keep.md"]


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path):
    secret = write(tmp_path, "outside/secret.md", "secret")
    inside = tmp_path / "documents"
    kept = write(inside, "kept.md", "kept")
    (inside / "out.md").symlink_to(secret)
    (inside / "folder").symlink_to(secret.parent)
    (inside / "in.md").symlink_to(kept)
    assert list(scan(inside, {}).files) == ["in.md", "kept.md"]


def test_a_link_to_nowhere_and_a_file_that_cannot_be_read_are_listed_and_say_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "lost.md").symlink_to("gone.md")
    assert scan(tmp_path, {}).files == {"lost.md": FileStamp(0, 0, "")}
    assert reason(tmp_path, "lost.md") == "a link to gone.md, which is not there"
    locked = write(tmp_path, "locked.md", "text")

    def refuse(path: Path, *arguments: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(locked), "open", refuse)
    monkeypatch.setattr(type(locked), "read_bytes", refuse)
    assert scan(tmp_path, {}).files["locked.md"] == FileStamp(0, 0, "")
    assert reason(tmp_path, "locked.md") == "cannot be opened: Permission denied"


def refusing_scandir(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a folder without read permission looks like, also to root."""
    scandir = os.scandir

    def refuse(path: str) -> object:
        if str(path) == str(folder):
            raise PermissionError(13, "Permission denied", str(folder))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)


def test_a_folder_that_cannot_be_read_is_named_and_hides_what_lies_below_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write(tmp_path, "hr/pay/bands.md", "text")
    write(tmp_path, "hrx.md", "text")
    refusing_scandir(tmp_path / "hr", monkeypatch)
    found = scan(tmp_path, {})
    assert (list(found.files), found.unreadable) == (["hrx.md"], {"hr": "Permission denied"})
    assert [found.hides(doc_id) for doc_id in ("hr/pay/bands.md", "hrx.md")] == [True, False]
    refusing_scandir(tmp_path, monkeypatch)
    assert scan(tmp_path, {}).hides("hrx.md")
    assert scan(tmp_path / "gone", {}).unreadable == {}


def test_a_folder_that_may_be_listed_but_not_entered_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write(tmp_path, "hr/bands.md", "text")

    def refuse(*place: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tasks.readers._stamp", refuse)
    assert scan(tmp_path, {}).unreadable == {"hr": "Permission denied"}


def test_markdown_with_front_matter(tmp_path: Path):
    matter = (
        "title: Pay bands\nroles: [people-team, board]\ntrainable: false\n"
        "valid_until: 2027-03-31\nupdated: soon\ndate: 2026-05-20\nowner: P\n"
    )
    text = f"\ufeff---\n{matter}---\n# Bands\r\n\r\nB1.\n"
    write(tmp_path, "hr/bands.md", text)
    document = read_document(tmp_path, "hr/bands.md", Documents())
    assert document.text == "# Bands\n\nB1.\n"
    assert (document.title, document.roles, document.trainable) == ("Pay bands", ("board", "people-team"), False)
    assert (document.valid_until, document.dated, document.collection) == (date(2027, 3, 31), date(2026, 5, 20), "hr")
    assert document.md5 == hashlib.md5(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("name", "content", "title"),
    [("a.md", "# First  heading #\n\nText.", "First  heading"), ("loft_40-vs-80.txt", "Text.", "loft 40 vs 80")],
)
def test_the_title_is_the_first_heading_or_else_the_file_name(tmp_path: Path, name: str, content: str, title: str):
    write(tmp_path, name, content)
    document = read_document(tmp_path, name, Documents())
    assert (document.title, document.is_titled) == (title, name == "a.md")


@pytest.mark.parametrize("before", ["", "\n", " ", "\ufeff\n \n"])
def test_what_restricts_is_read_also_behind_blank_lines(tmp_path: Path, before: str):
    write(tmp_path, "a.md", f'{before}---\ntitle: "Go \\ud83d\\ude80"\nroles: hr\n---\n# Salary\n\nB3.\n')
    document = read_document(tmp_path, "a.md", Documents())
    assert (document.title, document.roles, document.text) == ("Go \U0001f680", ("hr",), "# Salary\n\nB3.\n")


def test_text_between_two_rules_is_no_front_matter(tmp_path: Path):
    write(tmp_path, "a.md", "\n---\n\nA motto.\n\n---\n\nText.\n")
    assert "A motto." in read_document(tmp_path, "a.md", Documents()).text


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("```sh\n# install it\npip\n```\n\n# Real\n", "Real"),
        ("The pump\n========\n\nText.", "The pump"),
        ("# C#\n\nText.", "C#"),
        ("# Closed ##\n\nText.", "Closed"),
    ],
)
def test_the_title_is_found_as_headings_are(tmp_path: Path, text: str, title: str):
    write(tmp_path, "a.md", text)
    assert read_document(tmp_path, "a.md", Documents()).title == title


def test_a_rule_at_the_top_is_no_front_matter(tmp_path: Path):
    write(tmp_path, "a.md", "---\n\nText: plain.\n")
    assert read_document(tmp_path, "a.md", Documents()).text == "---\n\nText: plain.\n"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "empty (0 bytes)"),
        (b" \n\t\n", "empty (4 bytes)"),
        (b"---\nroles: [a]\n---\n\n", "empty: no text was found in it"),
        (b"ab\0c", "not text: a NUL byte at position 2"),
        ("Prix: 5 €, café".encode("latin-1", "ignore"), "not UTF-8: byte 0xe9 at position 13; save it as UTF-8"),
        (b"---\nroles: [a\n---\nText", "front matter is not YAML"),
        (b"---\n- a\n---\nText", "front matter holds list, not a mapping of keys"),
        (b"---\nroles: [a]\nText without an end", "front matter is opened by '---' but never closed by another '---'"),
        (b"---\nroles: 5\n---\nText", "front matter: roles = 5 is no list of names"),
        (b"---\nroles: []\n---\nText", "front matter: roles = [] is no list of names"),
        (b"---\nroles: [a, '']\n---\nText", "front matter: roles = ['a', ''] is no list of names"),
        (b"---\ntrainable: maybe\n---\nText", "front matter: trainable = 'maybe' is neither true nor false"),
        (b"---\nvalid_until: soon\n---\nText", "front matter: valid_until = 'soon' is no date, such as 2027-03-31"),
        (b"---\nvalid_until: 2027-02-30\n---\nText", "front matter"),
        (b"---\nroles:\n---\nText", "front matter: roles is empty; give its value, or leave the line out"),
        (b"---\ntrainable:\n---\nText", "front matter: trainable is empty"),
        (b"---\nRoles: [hr]\n---\nText", "front matter: 'Roles' is not read; write roles"),
        (b"---\nrole: hr\n---\nText", "front matter: 'role' is not read; write roles"),
        (b"---\nValid-Until: 2027-03-31\n---\nText", "front matter: 'Valid-Until' is not read; write valid_until"),
        (b"---\n# who may read it\nroles: [hr]\n\nText", "front matter is opened by '---' but never closed"),
        (b"\n---\n\n'roles': [hr]\n\nText", "front matter is opened by '---' but never closed"),
        (b'---\ntitle: "half \\ud83d"\n---\nText', "front matter: 'half \\ud83d' holds half of a character"),
        (b"---\na: " + b"[" * 3000 + b"\n---\nText", "front matter is not YAML"),
    ],
)
def test_a_bad_file_says_what_is_wrong(tmp_path: Path, content: bytes, expected: str):
    write(tmp_path, "a.md", content)
    assert reason(tmp_path, "a.md").startswith(expected)


def test_a_file_above_the_limit_is_refused_by_its_size(tmp_path: Path):
    write(tmp_path, "a.md", "x" * 101)
    assert reason(tmp_path, "a.md", Documents(max_bytes=100)) == (
        "too large: 101 bytes, the limit is 100 (params.yaml: documents.max_bytes)"
    )


def test_an_unknown_format_names_those_that_are_known(tmp_path: Path):
    write(tmp_path, "a.exe", "MZ")
    assert reason(tmp_path, "a.exe") == f"unknown format .exe; supported: {', '.join(READERS)}"


def test_a_file_that_is_gone_is_unreadable(tmp_path: Path):
    assert reason(tmp_path, "a.md") == "cannot be opened: No such file or directory"


def test_html_keeps_headings_and_tables_and_drops_scripts(tmp_path: Path):
    table = "<table><tr><th>a</th></tr><tr><td>é</td></tr></table>"
    page = f"<html><title>Loft 40</title><body><script>x()</script><h2>Water</h2>{table}</body></html>"
    write(tmp_path, "a.html", page)
    document = read_document(tmp_path, "a.html", Documents())
    assert document.title == "Loft 40"
    assert document.text.split() == ["##", "Water", "|", "a", "|", "|", "---", "|", "|", "é", "|"]


def test_csv_becomes_a_table(tmp_path: Path):
    write(tmp_path, "prices.csv", "part,price\nC1,12\n")
    assert read_document(tmp_path, "prices.csv", Documents()).text == "| part | price |\n| --- | --- |\n| C1 | 12 |"


@pytest.mark.parametrize("name", ["a.pdf", "a.docx", "a.pptx"])
def test_a_broken_binary_file_says_so(tmp_path: Path, name: str):
    write(tmp_path, name, b"this is no such file")
    assert reason(tmp_path, name).startswith(f"broken {Path(name).suffix} file: ")


def test_a_file_that_takes_too_long_is_given_up_and_the_next_one_is_read(tmp_path: Path):
    write(tmp_path, "slow.csv", "a,b\n" + "1,2\n" * 200_000)
    write(tmp_path, "next.csv", "a\n1\n")
    assert reason(tmp_path, "slow.csv", Documents(read_timeout_s=0.01)) == (
        "reading took longer than 0.01 s (params.yaml: documents.read_timeout_s)"
    )
    assert read_document(tmp_path, "next.csv", Documents()).text == "| a |\n| --- |\n| 1 |"


def test_a_second_reading_does_not_start_the_converter(tmp_path: Path):
    write(tmp_path, "a.csv", "part,price\nC1,12\n")
    store = tmp_path / "store"
    first = read_document(tmp_path, "a.csv", Documents(), store)
    convert._CHILD.stop()
    write(tmp_path, "moved.csv", "part,price\nC1,12\n")
    again = [read_document(tmp_path, name, Documents(), store).text for name in ("a.csv", "moved.csv")]
    assert (again, convert._CHILD.process) == ([first.text, first.text], None)
    write(tmp_path, "a.csv", "part,price\nC1,15\n")
    assert "15" in read_document(tmp_path, "a.csv", Documents(), store).text
    assert convert._CHILD.process is not None


def test_another_converter_or_a_damaged_copy_is_converted_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write(tmp_path, "a.csv", "a\n1\n")
    store = tmp_path / "store"
    text = read_document(tmp_path, "a.csv", Documents(), store).text
    (kept,) = store.iterdir()
    kept.write_text("{")
    assert read_document(tmp_path, "a.csv", Documents(), store).text == text
    monkeypatch.setattr(converted, "_makers", lambda: "another1")
    assert read_document(tmp_path, "a.csv", Documents(), store).text == text
    assert len(list(store.iterdir())) == 2


def test_only_the_conversions_of_served_documents_are_kept(tmp_path: Path):
    store = tmp_path / "store"
    for name in ("a", "b"):
        write(tmp_path, f"{name}.csv", f"{name}\n1\n")
        md5 = read_document(tmp_path, f"{name}.csv", Documents(), store).md5
    assert converted.keep_only(store, {md5}) == 1
    assert [path.name[:32] for path in store.iterdir()] == [md5]
    assert converted.keep_only(tmp_path / "none", ()) == 0
