"""Many movies and track files: linked, scored and summed up, on one machine or on many."""

from __future__ import annotations

from napari_anomalous_diffusion.batch.core import (
    Outcome,
    Step,
    attempt_in_steps,
    open_input,
    process_in_steps,
)
from napari_anomalous_diffusion.batch.parameters import BatchParameters, CalibrationOptions
from napari_anomalous_diffusion.batch.results import find_scores, scores_of
from napari_anomalous_diffusion.batch.running import (
    BatchReport,
    BatchStep,
    batch_in_steps,
    run_batch,
)

__all__ = [
    "BatchParameters",
    "BatchReport",
    "BatchStep",
    "CalibrationOptions",
    "Outcome",
    "Step",
    "attempt_in_steps",
    "batch_in_steps",
    "find_scores",
    "open_input",
    "process_in_steps",
    "run_batch",
    "scores_of",
]
