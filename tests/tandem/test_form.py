import pytest

from tandem.errors import Refused
from tandem.form import form_ok
from tandem.params import Form

PATTERN = Form(pattern=r"^Answer: \S.* Source: (\[\d+\]( \[\d+\])*|none)$")
SCHEMA = Form(json_schema={"type": "object", "required": ["answer"], "properties": {"answer": {"type": "string"}}})


def test_the_form_is_the_whole_text_and_none_without_a_house_form():
    assert form_ok("Answer: 12 weeks. Source: [1] [2]\n", PATTERN) is True
    assert form_ok("Answer: 12 weeks. Source: [1] and more", PATTERN) is False
    assert form_ok("", PATTERN) is False
    assert form_ok("anything", Form()) is None


def test_the_form_can_be_a_json_schema():
    assert form_ok('{"answer": "12 weeks"}', SCHEMA) is True
    assert form_ok('{"answer": 12}', SCHEMA) is False
    assert form_ok("12 weeks", SCHEMA) is False


def test_a_schema_that_refers_elsewhere_is_refused():
    with pytest.raises(Refused, match=r"refers to 'http://example.invalid/s.json', which is not in it"):
        form_ok("{}", Form(json_schema={"$ref": "http://example.invalid/s.json"}))
