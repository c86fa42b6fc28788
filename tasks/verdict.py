"""Whether data passes a suite, by Great Expectations' own metrics and expectations, with all that does not depend on the data done once.

A validation builds its expectations, their metrics and the order of these anew each time, which for one row is nine tenths of the work.
Its full result is worth that only where something fails.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

BOOLEAN = {"result_format": {"result_format": "BOOLEAN_ONLY"}}


class Verdict:
    """The expectations of a suite with the metrics that each needs, for frames with the columns of `frame`."""

    def __init__(self, expectations: Sequence[Any], frame: Any):
        from great_expectations.execution_engine import PandasExecutionEngine
        from great_expectations.validator.metrics_calculator import MetricsCalculator

        self._lock = threading.Lock()  # the engine holds one batch at a time
        self._engine = PandasExecutionEngine()
        self._engine.load_batch_data("batch", frame)
        self._calculator = MetricsCalculator(execution_engine=self._engine, show_progress_bars=False)
        self._needs = [(one, self._metrics_of(one)) for one in expectations]
        metrics = [metric for _, needed in self._needs for metric in needed.values()]
        self._graph = self._calculator.build_metric_dependency_graph(metrics, BOOLEAN)

    def passes(self, frame: Any) -> bool:
        """Whether every expectation is met. A metric that cannot be computed counts as not met: the full validation says why."""
        with self._lock:
            self._engine.load_batch_data("batch", frame)
            values, aborted = self._calculator.resolve_validation_graph(graph=self._graph, runtime_configuration=BOOLEAN)
            return not aborted and all(self._is_met(one, needed, values) for one, needed in self._needs)

    def _metrics_of(self, expectation: Any) -> dict[str, Any]:
        needed = expectation.get_validation_dependencies(execution_engine=self._engine, runtime_configuration=BOOLEAN)
        return dict(needed.metric_configurations)

    def _is_met(self, expectation: Any, needed: dict[str, Any], values: Any) -> bool:
        metrics = {name: values[metric.id] for name, metric in needed.items()}
        return bool(expectation._validate(metrics, BOOLEAN, self._engine)["success"])
