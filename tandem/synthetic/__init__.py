"""Seeded generator of reading exercises for the small offline reader; pure: no I/O, no model."""

from tandem.synthetic.desk import Mix
from tandem.synthetic.exercise import ABSTAIN, Copy, Exercise, abstention, copied
from tandem.synthetic.exercises import draw_exam, make_exercises
from tandem.synthetic.manuals import Section, read_section
from tandem.synthetic.split import Side, side_of

__all__ = [
    "ABSTAIN",
    "Copy",
    "Exercise",
    "Mix",
    "Section",
    "Side",
    "abstention",
    "copied",
    "draw_exam",
    "make_exercises",
    "read_section",
    "side_of",
]
