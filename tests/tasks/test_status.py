"""What `tandem status` says: from pointers and tags alone, and also while MLflow is down."""

from __future__ import annotations

from dataclasses import replace

from tasks.status import status_of
from tasks.workspace import Settings, open_workspace


def test_status_says_what_it_knows_while_mlflow_is_down(make_workspace):
    workspace = replace(open_workspace(make_workspace()), settings=Settings(tracking_uri="http://127.0.0.1:9"))
    found = status_of(workspace)
    assert (found["champion"], found["last_decision"]) == (None, None)
    assert "nothing answers at 127.0.0.1:9" in found["tracking_error"]
    assert found["tracking_uri"] == "http://127.0.0.1:9"
    assert found["data_version"]
