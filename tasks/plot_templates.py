"""How `dvc plots` draws a series a variant: Vega-Lite templates for `.dvc/plots/`. DVC's own tell only files and commits apart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

X = {"field": "<DVC_METRIC_X>", "type": "quantitative", "title": "<DVC_METRIC_X_LABEL>"}
Y = {"field": "<DVC_METRIC_Y>", "type": "quantitative", "title": "<DVC_METRIC_Y_LABEL>"}
VARIANT = {"field": "variant", "type": "nominal", "sort": None}
COMMIT = {"field": "rev", "type": "nominal", "title": "commit"}  # `dvc plots diff` draws several
NAMES = {"field": "<DVC_METRIC_Y>", "type": "nominal", "title": None, "sort": None}
TEMPLATES: dict[str, dict[str, Any]] = {
    "variant_points": {
        "mark": {"type": "point", "filled": True, "size": 90, "tooltip": {"content": "data"}},
        "height": 300,
        "encoding": {"x": X, "y": Y, "color": VARIANT, "shape": COMMIT},
    },
    "variant_lines": {
        "mark": {"type": "line", "point": True, "tooltip": {"content": "data"}},
        "height": 300,
        "encoding": {"x": X, "y": Y, "color": VARIANT, "strokeDash": COMMIT},
    },
    "variant_bars": {
        "mark": {"type": "bar", "tooltip": {"content": "data"}},
        "encoding": {"x": X, "y": NAMES, "color": {**VARIANT, "field": "stage"}, "row": COMMIT},
    },
}


def write_templates(dvc_dir: Path) -> None:
    """The templates that dvc.yaml names, into `.dvc/plots/`; one that lies there stays as it is."""
    folder = dvc_dir / "plots"
    folder.mkdir(exist_ok=True)
    for name, template in TEMPLATES.items():
        path = folder / f"{name}.json"
        if not path.exists():
            whole: dict[str, Any] = {"$schema": "https://vega.github.io/schema/vega-lite/v5.json", "data": {"values": "<DVC_METRIC_DATA>"}}
            whole |= {"title": "<DVC_METRIC_TITLE>", "width": 420, **template}
            path.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
