"""Headings and tables of each format, from a real file through the converter's process to the passages that are searched."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure

from tandem.chunking import chunk
from tandem.params import Chunking, Documents
from tandem.records import Document
from tasks.readers import read_document

OFFICE = "http://schemas.openxmlformats.org"
LITRES = "The Wren holds two litres of water and draws 1,350 W."
HARD = "Where the water is hard, descale it each month."
Printed = tuple[float, float, float, str]


def read(folder: Path, name: str, data: bytes) -> Document:
    (folder / name).write_bytes(data)
    return read_document(folder, name, Documents())


def passages(document: Document) -> dict[str, str]:
    """Heading path -> text."""
    return {piece.heading: piece.text for piece in chunk(document, Chunking(max_chars=400, min_chars=10))}


def pdf(*pages: Sequence[Printed], table: Sequence[Sequence[str]] = ()) -> bytes:
    """Each page a list of x, y (shares of the page), points and text; `table`: ruled, on the first page."""
    out = io.BytesIO()
    with PdfPages(out) as made:
        for page in pages:
            figure = Figure(figsize=(6, 8))
            for x, y, points, text in page:
                figure.text(x, y, text, fontsize=points)
            if table and page is pages[0]:
                axes = figure.add_axes((0.1, 0.4, 0.8, 0.2))
                axes.axis("off")
                axes.table(table, loc="center")
            made.savefig(figure)
    return out.getvalue()


def framed(number: int, *printed: Printed) -> list[Printed]:
    return [(0.1, 0.95, 16, "Birch & Loom"), *printed, (0.1, 0.03, 13, f"Page {number} of 2")]


def test_larger_lines_of_a_pdf_are_headings_and_running_headers_are_not(tmp_path: Path):
    contents = (0.1, 0.84, 10, "Descaling")
    first = framed(
        1,
        (0.1, 0.9, 24, "Wren handbook"),
        contents,
        (0.1, 0.76, 14, "Power"),
        (0.1, 0.72, 10, LITRES),
        (0.1, 0.6, 14, "Descaling"),
        (0.1, 0.56, 10, HARD),
    )
    document = read(
        tmp_path, "a.pdf", pdf(first, framed(2, (0.1, 0.8, 14, "What to do where\nnothing else helps"), (0.1, 0.7, 10, LITRES)))
    )
    assert [line for line in document.text.splitlines() if line.startswith("#")] == [
        "# Wren handbook",
        "## Power",
        "## Descaling",
        "## What to do where nothing else helps",
    ]
    assert document.title == "Wren handbook"
    found = passages(document)
    assert LITRES in found["Wren handbook > Power"]
    assert HARD in found["Wren handbook > Descaling"]
    assert found["Wren handbook > What to do where nothing else helps"].startswith(LITRES)


def test_numbered_parts_at_one_place_of_every_page_are_headings(tmp_path: Path):
    pages = [[(0.1, 0.9, 14, f"Part {number}"), (0.1, 0.8, 10, LITRES)] for number in (1, 2)]
    assert passages(read(tmp_path, "wren.pdf", pdf(*pages))) == {"wren > Part 1": LITRES, "wren > Part 2": LITRES}


def test_a_pdf_in_one_size_stays_as_it_was_read(tmp_path: Path):
    document = read(tmp_path, "wren-notes.pdf", pdf([(0.1, 0.9, 10, "Power"), (0.1, 0.8, 10, LITRES)]))
    assert document.text.split("\n\n") == ["Power", LITRES, "\f"]
    assert list(passages(document)) == ["wren notes"]


def test_a_large_paragraph_of_a_pdf_is_no_heading(tmp_path: Path):
    small = "\n".join([LITRES] * 8)
    document = read(tmp_path, "a.pdf", pdf([(0.1, 0.7, 14, f"{HARD}\nA second line of it."), (0.1, 0.2, 8, small)]))
    assert "#" not in document.text


@pytest.mark.parametrize(
    "table",
    [[["part", "price"], ["Filter C1", "EUR 12"], ["Seal", "EUR 3"]], [["part", "price", "kg"], ["C1", "12", "3"], ["C2", "15", "4"]]],
    ids=["two columns", "three columns"],
)
def test_a_table_of_a_pdf_keeps_its_rows_under_its_heading(tmp_path: Path, table: list[list[str]]):
    page = [(0.1, 0.9, 20, "Handbook"), (0.1, 0.8, 10, LITRES), (0.1, 0.7, 14, "Prices"), (0.1, 0.65, 10, HARD), (0.1, 0.3, 10, LITRES)]
    text = passages(read(tmp_path, "a.pdf", pdf(page, table=table)))["Handbook > Prices"]
    rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in text.splitlines() if line.startswith("|")]
    assert [row for row in rows if set("".join(row)) != {"-"}] == table
    assert text.startswith(HARD)
    assert text.endswith(LITRES)


def paragraph(text: str, style: str = "") -> str:
    styled = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{styled}<w:r><w:t>{text}</w:t></w:r></w:p>"


def word(*parts: str) -> bytes:
    relation = f'Id="1" Type="{OFFICE}/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"'
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("[Content_Types].xml", f'<Types xmlns="{OFFICE}/package/2006/content-types"/>')
        file.writestr(
            "_rels/.rels", f'<Relationships xmlns="{OFFICE}/package/2006/relationships"><Relationship {relation}/></Relationships>'
        )
        body = "".join(parts)
        file.writestr(
            "word/document.xml", f'<w:document xmlns:w="{OFFICE}/wordprocessingml/2006/main"><w:body>{body}</w:body></w:document>'
        )
    return out.getvalue()


def test_a_word_file_keeps_its_title_heading_paths_and_tables(tmp_path: Path):
    rows = "".join(
        f"<w:tr>{''.join(f'<w:tc>{paragraph(cell)}</w:tc>' for cell in row)}</w:tr>" for row in (("part", "price"), ("C1", "12"))
    )
    document = read(
        tmp_path,
        "a.docx",
        word(
            paragraph("Handbook", "Title"),
            paragraph("For the desk."),
            paragraph("Wren", "Heading1"),
            paragraph(LITRES),
            paragraph("Prices", "Heading2"),
            f"<w:tbl>{rows}</w:tbl>",
            paragraph("Loft", "Heading1"),
            paragraph(HARD),
        ),
    )
    assert document.title == "Handbook"
    assert passages(document) == {
        "Handbook": "For the desk.",
        "Handbook > Wren": LITRES,
        "Handbook > Wren > Prices": "| part | price |\n| --- | --- |\n| C1 | 12 |",
        "Handbook > Loft": HARD,
    }


def test_slides_keep_their_titles_and_tables(tmp_path: Path):
    import pptx
    from pptx.util import Inches

    deck = pptx.Presentation()
    for title, text, top in (("Roadmap", "Water comes first.", 3), ("Prices", "All without tax.", 0), ("", "A slide without a title.", 3)):
        slide = deck.slides.add_slide(deck.slide_layouts[5])
        slide.shapes.title.text = title
        slide.shapes.add_textbox(Inches(1), Inches(top), Inches(4), Inches(0.2)).text_frame.text = text
        if title == "Prices":
            table = slide.shapes.add_table(2, 2, Inches(1), Inches(4), Inches(4), Inches(1)).table
            for number, cell in enumerate(("part", "price", "C1", "12")):
                table.cell(*divmod(number, 2)).text = cell
    data = io.BytesIO()
    deck.save(data)
    assert passages(read(tmp_path, "a.pptx", data.getvalue())) == {
        "Roadmap": "Water comes first.",
        "Roadmap > Prices": "All without tax.\n| part | price |\n| --- | --- |\n| C1 | 12 |",
        "Roadmap > Slide 3": "A slide without a title.",
    }


def test_a_table_of_a_page_keeps_its_first_row_as_its_header(tmp_path: Path):
    rows = "<tr><td>part</td><td>price</td></tr><tr><td>C1</td><td>12</td></tr>"
    document = read(tmp_path, "a.html", f"<h1>Wren</h1><h2>Prices</h2><table>{rows}</table>".encode())
    assert passages(document) == {"Wren > Prices": "| part | price |\n| --- | --- |\n| C1 | 12 |"}
