"""`params.yaml` as it is read: what does not hold is refused before any work, by its key and the value seen."""

import pytest
import yaml

from tandem.errors import Refused
from tandem.params import parse_params


def parsed(**sections: object) -> object:
    return parse_params(yaml.safe_dump({"prompt": {"instruction": "Answer."}, "variants": {"rag": {"retrieve": True}}, **sections}))


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"promotion": {"weights": {"qualty": 1}}}, r"yaml: promotion\.weights names qualty; known measures are quality, exact_match"),
        ({"promotion": {"weights": {"quality": 0}}}, r"promotion\.weights weighs nothing; known measures are quality"),
        ({"form": {"pattern": "("}}, r"form\.pattern '\(' is no regular expression: missing \)"),
        ({"form": {"json_schema": {"type": "text"}}}, r"form\.json_schema is no JSON schema: 'text' is not valid"),
        ({"schedule": {"retrain": "61 * * * *"}}, r"schedule\.retrain '61 \* \* \* \*' is no cron line: Bad minute"),
        ({"schedule": {"monitor": "hourly"}}, r"schedule\.monitor 'hourly' is no cron line: Wrong number of fields"),
        ({"variants": {"champion": {}}}, r"variants: 'champion' is the name of what is live"),
        ({"variants": {"a/b": {}}}, r"params\.yaml: variants: 'a/b' is no usable name"),
    ],
)
def test_what_would_fail_after_minutes_is_refused_at_once(sections, message):
    with pytest.raises(Refused, match=message):
        parsed(**sections)


def test_every_fault_is_listed_at_once():
    with pytest.raises(Refused, match=r"form\.pattern.*adapter\.r = 0.*schedule\.monitor"):
        parsed(adapter={"r": 0}, form={"pattern": "("}, schedule={"monitor": "x"})
