from pathlib import Path

import pytest

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.writing import whole_file


def test_a_file_appears_whole_in_a_folder_that_is_made(tmp_path: Path) -> None:
    with whole_file(tmp_path / "new" / "table.csv") as partial:
        partial.write_text("a,b\n")
        assert partial.suffix == ".csv"
        assert not (tmp_path / "new" / "table.csv").exists()
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["table.csv"]


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "table.csv"
    target.write_text("old")

    def fail_half_way() -> None:
        with whole_file(target) as partial:
            partial.write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(InputError, match=r"table\.csv: cannot be written"),
        whole_file(tmp_path / "file" / "table.csv") as partial,
    ):
        partial.write_text("")
