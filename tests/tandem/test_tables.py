import pytest

from tandem.tables import told

TABLE = "Loft > Noise: | | Loft 40 | Loft 80 |\n|---|:-:|---|\n| Grinding | 66 dB | 69 dB |\n| Idle | 20 dB | |\n\nMeasured at 1 m.\n"


def test_each_value_stands_behind_the_head_of_its_column():
    said = "Loft > Noise: Grinding; Loft 40: 66 dB; Loft 80: 69 dB.\nIdle; Loft 40: 20 dB.\n\nMeasured at 1 m.\n"
    assert told(TABLE).text == said


def test_every_cell_keeps_its_place_and_a_head_has_that_where_it_is_first_said():
    found = told(TABLE)
    kept = [at for at, place in enumerate(found.places) if place >= 0]
    assert all(found.text[found.places[at]] == TABLE[at] for at in kept)
    start = TABLE.index("69 dB")
    assert found.places[start : start + 5] == list(range(found.text.index("69 dB"), found.text.index("69 dB") + 5))
    assert found.places[TABLE.index("| Loft 80") + 2] == found.text.index("Loft 80: 69")
    assert set(found.places[TABLE.index("|---|") : TABLE.index("| Grinding")]) == {-1}


@pytest.mark.parametrize(
    "text",
    [
        "No table | but a line between words.\nAnd another.",
        "| a row | without a rule |\n| b | c |",
        "A | B\n--- | ---\nno bars | around it\n",
        "",
        "a\r\nb",
    ],
)
def test_what_is_no_table_stays_as_it_is(text):
    found = told(text)
    assert found.text == text
    assert found.places == list(range(len(text)))


def test_two_tables_rows_of_other_lengths_and_escaped_bars():
    text = "| A | B |\n|---|---|\n| 1 | x \\| y | 3 |\n| 2 |\n\n| C |\n|---|\n| 4 |"
    assert told(text).text == "A: 1; B: x \\| y; 3.\nA: 2.\n\nC: 4.\n"
