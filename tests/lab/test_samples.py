from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from napari_anomalous_diffusion.lab import samples
from napari_anomalous_diffusion.samples import sample_path


def test_the_packaged_field_is_what_the_module_simulates() -> None:
    made, packaged = samples.simulate_field(), pd.read_csv(sample_path("field"))
    columns = ["track_id", "frame", "model", "alpha"]
    pd.testing.assert_frame_equal(made[columns], packaged[columns], check_dtype=False)
    np.testing.assert_allclose(made[["y", "x"]], packaged[["y", "x"]], atol=2e-3)


def test_the_command_writes_the_field_into_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(samples, "sample_path", lambda name: tmp_path / f"{name}.csv")
    monkeypatch.setattr(samples, "TRACKS_PER_MODEL", 2)
    monkeypatch.setattr(samples, "SHORT_TRACKS_PER_MODEL", 1)
    samples.main([])
    assert pd.read_csv(tmp_path / "field.csv")["track_id"].nunique() == 15
    assert capsys.readouterr().out.startswith("15 tracks, ")
