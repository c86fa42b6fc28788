"""The house form: whether a raw output looks as every answer must."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from tandem.errors import Refused
from tandem.params import Form


def form_ok(text: str, form: Form) -> bool | None:
    """Whether a raw output has the house form: the whole text (outer space aside) matches the pattern, and is JSON of the schema.

    None where `form` asks for neither. Raises Refused for a schema that refers to another file.
    """
    if form.pattern is None and form.json_schema is None:
        return None
    if form.pattern is not None and not re.fullmatch(form.pattern, text.strip()):
        return False
    return form.json_schema is None or _fits_schema(text, form.json_schema)


def is_json(text: str) -> bool:
    """Whether a text is JSON of any kind."""
    try:
        json.loads(text)
    except json.JSONDecodeError:
        return False
    return True


@lru_cache(maxsize=8)
def _validator(schema_json: str) -> Any:
    from jsonschema import Draft202012Validator
    from jsonschema.validators import validator_for
    from referencing import Registry

    schema = json.loads(schema_json)
    cls = validator_for(schema, default=Draft202012Validator)
    return cls(schema, registry=Registry())  # an empty registry never fetches a $ref from the network


def _fits_schema(text: str, schema: Mapping[str, Any]) -> bool:
    from referencing.exceptions import Unresolvable

    validator = _validator(json.dumps(schema, sort_keys=True))
    try:
        return bool(validator.is_valid(json.loads(text)))
    except json.JSONDecodeError:
        return False
    except Unresolvable as error:
        raise Refused(f"form.json_schema refers to {error.ref!r}, which is not in it", hint="Mend params.yaml.") from error
