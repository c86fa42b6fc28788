"""Seeded generator of reading exercises for the small offline reader; pure: no I/O, no model."""

from tandem.synthetic.desk import Mix
from tandem.synthetic.exercises import ABSTAIN, Exercise, make_exercises, prompt
from tandem.synthetic.manuals import Section, read_section
from tandem.synthetic.split import Side, side_of

__all__ = ["ABSTAIN", "Exercise", "Mix", "Section", "Side", "make_exercises", "prompt", "read_section", "side_of"]
