from __future__ import annotations

import subprocess
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.samples import sample_path
from napari_anomalous_diffusion.tracks.calibration import Calibration
from napari_anomalous_diffusion.tracks.linking import (
    Linked,
    LinkingParameters,
    LinkingStep,
    link,
    link_in_steps,
    locate,
)
from napari_anomalous_diffusion.tracks.movies import Movie, as_movie, open_movie

trackpy = pytest.importorskip("trackpy")

BEADS = sample_path("beads").with_name("beads.tif")
BEAD_PARAMETERS = LinkingParameters(
    diameter=11, minimum_mass=200, dark_on_light=True, search_range=5, memory=3, minimum_length=10
)
SPOTS = LinkingParameters(diameter=9, search_range=5, minimum_length=5)


def beads(**kept: Any) -> Movie:
    """Take a small part of the movie of beads: 25 frames of 128 x 128 pixels."""
    movie = open_movie(BEADS)
    frames = np.stack([movie.frame(number)[100:228, 100:228] for number in range(25)])
    return as_movie(frames, source="beads", **kept)


def draw(tracks: np.ndarray, shape: tuple[int, ...], sigma: float = 1.8) -> np.ndarray:
    """Draw Gaussian spots at tracks (n_frames, n_tracks, D); NaN is a spot that is not there."""
    grid = np.stack(np.indices(shape), axis=-1).astype(float)
    movie = np.zeros((len(tracks), *shape))
    for frame, positions in zip(movie, tracks, strict=True):
        for position in positions[np.isfinite(positions).all(axis=1)]:
            frame += np.exp(-((grid - position) ** 2).sum(axis=-1) / (2 * sigma**2))
    return movie


def walks(n_frames: int = 12, seed: int = 0) -> np.ndarray:
    """Return four walks well apart from each other, shape (n_frames, 4, 2)."""
    steps = np.random.default_rng(seed).normal(0, 0.8, (n_frames, 4, 2))
    return np.array([[20.3, 22.7], [21.1, 60.4], [61.8, 19.6], [60.2, 62.9]]) + steps.cumsum(axis=0)


def partition(table: pd.DataFrame, track: str) -> set[tuple[tuple[float, ...], ...]]:
    """Return which points belong together, whatever the tracks are called."""
    return {
        tuple(map(tuple, points[["frame", "y", "x"]].sort_values("frame").to_numpy().tolist()))
        for _, points in table.groupby(track)
    }


@pytest.fixture(scope="module")
def linked_beads() -> Linked:
    return link(beads(), BEAD_PARAMETERS)


class TestParameters:
    def test_every_field_has_a_title_and_a_sentence(self) -> None:
        for field in LinkingParameters.model_fields.values():
            assert field.title
            assert field.description
            assert field.description.endswith(".")

    def test_file_and_back(self, tmp_path: Path) -> None:
        parameters = LinkingParameters(
            diameter=7, minimum_mass=1e-7, dark_on_light=True, search_range=2.5, memory=0
        )
        parameters.to_file(tmp_path / "linking.toml")
        assert LinkingParameters.from_file(tmp_path / "linking.toml") == parameters

    def test_what_is_left_out_has_its_default(self, tmp_path: Path) -> None:
        (tmp_path / "linking.toml").write_text("diameter = 7\n")
        assert LinkingParameters.from_file(tmp_path / "linking.toml") == LinkingParameters(
            diameter=7
        )

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("diameter = 10", "diameter = 10 is not possible (must be an odd number"),
            ("diameter = 1", "diameter = 1 is not possible"),
            ("diameter = 'big'", "diameter = 'big' is not possible"),
            ("diameter_z = 4", "diameter_z = 4 is not possible"),
            ("search_range = 0", "search_range = 0 is not possible (input should be greater"),
            ("search_range = nan", "search_range = nan is not possible"),
            ("percentile = 101", "percentile = 101 is not possible"),
            ("minmass = 3", "there is no parameter minmass; choose from channel, diameter, "),
            ("diameter", "is no TOML file"),
        ],
    )
    def test_a_wrong_entry_is_named(self, tmp_path: Path, text: str, words: str) -> None:
        path = tmp_path / "linking.toml"
        path.write_text(text)
        with pytest.raises(InputError) as caught:
            LinkingParameters.from_file(path)
        message = str(caught.value)
        assert message.startswith(f"{path}: ")
        assert words in message
        assert "\n" not in message

    def test_a_file_that_is_not_there(self) -> None:
        with pytest.raises(InputError, match=r"nothing\.toml: cannot be read"):
            LinkingParameters.from_file("nothing.toml")


class TestAgainstTrackpy:
    """The same as the plain calls of trackpy, one after the other."""

    @pytest.fixture(scope="class")
    @staticmethod
    def plain() -> pd.DataFrame:
        trackpy.quiet()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            spots = trackpy.batch(beads().frames, 11, minmass=200, invert=True, processes=1)
            tracks = trackpy.link(spots, 5, memory=3)
            return trackpy.filter_stubs(tracks, 10).reset_index(drop=True)

    def test_spots_and_tracks(self, linked_beads: Linked, plain: pd.DataFrame) -> None:
        assert linked_beads.trajectories.n_tracks > 15
        assert partition(linked_beads.to_frame(), "track_id") == partition(plain, "particle")

    def test_features(self, linked_beads: Linked, plain: pd.DataFrame) -> None:
        columns = ["mass", "size", "ecc", "signal", "raw_mass", "ep"]
        assert list(linked_beads.features) == columns
        ours = linked_beads.to_frame().sort_values(["frame", "y"])[columns]
        np.testing.assert_array_equal(ours, plain.sort_values(["frame", "y"])[columns])

    def test_drift(self, plain: pd.DataFrame) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            still = trackpy.subtract_drift(plain).reset_index(drop=True)
        ours = link(beads(), BEAD_PARAMETERS.model_copy(update={"subtract_drift": True})).to_frame()
        in_order = [
            table.sort_values(["frame", "mass", "size"])[["y", "x"]] for table in (ours, still)
        ]
        np.testing.assert_allclose(*in_order, atol=1e-9)


class TestKnownTracks:
    @pytest.mark.parametrize(
        "make",
        [
            lambda movie: (200 * movie + 20).astype(np.uint8),
            lambda movie: (200 * movie - 100).astype(np.int8),
            lambda movie: (4000 * movie + 100).astype(np.uint16),
            lambda movie: (4000 * movie + 100).astype(">u2"),
            lambda movie: (4000 * movie - 2000).astype(np.int16),
            lambda movie: (4000 * movie - 2000).astype(np.int64),
            lambda movie: (4e9 * movie).astype(np.uint32),
            lambda movie: (1e15 * movie).astype(np.uint64),
            lambda movie: movie.astype(np.float16),
            lambda movie: 1000 * movie.astype(">f4") - 300,
            lambda movie: 1000 * movie,
        ],
        ids=["u1", "i1", "u2", ">u2", "i2", "i8", "u4", "u8", "f2", ">f4", "f8"],
    )
    @pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
    def test_are_found_in_images_of_any_type(self, make: Any, dark: bool) -> None:
        truth = walks()
        movie = make(1 - draw(truth, (80, 84))) if dark else make(draw(truth, (80, 84)))
        linked = link(as_movie(movie), SPOTS.model_copy(update={"dark_on_light": dark}))
        self.check(linked, truth)

    def test_are_found_among_missing_numbers(self) -> None:
        truth = walks()
        movie = draw(truth, (80, 84)) + 0.2
        movie[:, 40, ::3] = np.nan
        movie[3, 0, 0] = np.inf
        self.check(link(as_movie(movie), SPOTS), truth)

    def test_are_found_to_a_pixel_in_black_and_white(self) -> None:
        truth = walks()
        movie = draw(truth, (80, 84)) > 0.3
        self.check(link(as_movie(movie), SPOTS), truth, atol=0.7)

    def test_are_found_in_volumes(self) -> None:
        truth = np.concatenate([np.full((6, 4, 1), 8.3), walks(6)], axis=2)
        movie = as_movie((200 * draw(truth, (17, 80, 84))).astype(np.uint8), "tzyx")
        linked = link(movie, SPOTS)
        assert linked.trajectories.axes == ("z", "y", "x")
        self.check(linked, truth)

    def test_are_found_in_flat_volumes(self) -> None:
        truth = np.concatenate([np.full((6, 4, 1), 4.2), walks(6)], axis=2)
        grid = draw(truth * [2, 1, 1], (19, 80, 84))[:, ::2]
        movie = as_movie((200 * grid).astype(np.uint8), "tzyx")
        linked = link(movie, SPOTS.model_copy(update={"diameter_z": 5, "search_range_z": 2.0}))
        assert {"size_z", "ep_x"} <= set(linked.features)
        self.check(linked, truth)

    @staticmethod
    def check(linked: Linked, truth: np.ndarray, atol: float = 0.1) -> None:
        trajectories = linked.trajectories
        n_frames, n_tracks, dimensions = truth.shape
        assert trajectories.lengths.tolist() == [n_frames] * n_tracks
        found = trajectories.positions.reshape(n_tracks, n_frames, dimensions)
        order = np.lexsort(np.round(found[:, 0, -2:] / 40).T[::-1])
        np.testing.assert_allclose(found[order], truth.swapaxes(0, 1), atol=atol)

    def test_frames_without_spots_are_gaps(self) -> None:
        truth = walks(14)
        truth[[0, 1, 6, 13]] = np.nan  # at both ends and in the middle
        linked = link(as_movie(200 * draw(truth, (80, 84))), SPOTS)
        assert linked.trajectories.lengths.tolist() == [10] * 4
        assert linked.trajectories.frames[:10].tolist() == [2, 3, 4, 5, 7, 8, 9, 10, 11, 12]

    def test_memory_counts_empty_frames(self) -> None:
        truth = walks(14)
        truth[6:8] = np.nan
        movie = as_movie(200 * draw(truth, (80, 84)))
        assert len(link(movie, SPOTS.model_copy(update={"memory": 2})).trajectories) == 4
        assert len(link(movie, SPOTS.model_copy(update={"memory": 1})).trajectories) == 8

    def test_drift_goes_on_after_an_empty_frame(self) -> None:
        truth = walks(14)
        drift = np.stack([0.4 * np.arange(14), -0.3 * np.arange(14)], axis=1)[:, np.newaxis]
        truth = truth[:1] + drift + 0 * truth
        truth[6] = np.nan
        parameters = SPOTS.model_copy(update={"subtract_drift": True})
        trajectories = link(as_movie(200 * draw(truth, (80, 84))), parameters).trajectories
        # What happened over the gap is not known, and the rest of the drift is taken out.
        moved = trajectories.positions.reshape(4, 13, 2).std(axis=1)
        assert moved.max() < 0.5
        np.testing.assert_allclose(trajectories.positions[:6].std(axis=0), 0, atol=0.05)


class TestResult:
    def test_calibration_and_source_are_carried(self) -> None:
        calibration = Calibration(
            pixel_size=0.35, length_unit="µm", frame_interval=1 / 24, time_unit="s"
        )
        linked = link(beads(calibration=calibration), BEAD_PARAMETERS)
        assert linked.trajectories.calibration == calibration
        assert linked.trajectories.source == linked.source == "beads"
        assert linked.parameters == BEAD_PARAMETERS

    def test_rows_belong_together(self, linked_beads: Linked) -> None:
        trajectories, features = linked_beads.trajectories, linked_beads.features
        assert len(features) == trajectories.n_points
        assert trajectories.rows.tolist() == [*range(trajectories.n_points)]
        assert trajectories.lengths.min() >= 10
        table = linked_beads.to_frame()
        assert list(table)[:4] == ["track_id", "frame", "y", "x"]
        # Tracks are numbered in the order in which they begin.
        begins = table.groupby("track_id")["frame"].min()
        assert begins.is_monotonic_increasing

    def test_again_the_same(self, linked_beads: Linked) -> None:
        again = link(beads(), BEAD_PARAMETERS)
        pd.testing.assert_frame_equal(again.to_frame(), linked_beads.to_frame())

    def test_beside_another_linking(self, linked_beads: Linked) -> None:
        """trackpy's counter of tracks is one for all linkings of a process."""
        one, other = (link_in_steps(beads(), BEAD_PARAMETERS) for _ in range(2))
        for _ in range(7):
            next(one)
        results: list[Linked] = []
        thread = threading.Thread(target=lambda: results.append(finish(other)))
        thread.start()
        results.append(finish(one))
        thread.join()
        for result in results:
            pd.testing.assert_frame_equal(result.to_frame(), linked_beads.to_frame())

    def test_steps_can_be_shown_and_left(self) -> None:
        movie = beads()
        steps = link_in_steps(movie, BEAD_PARAMETERS)
        first, second = next(steps), next(steps)
        assert (first.done, second.done, first.total) == (1, 2, 25)
        assert 0 < first.found < second.found
        steps.close()
        shown: list[LinkingStep] = []
        linked = link(movie, BEAD_PARAMETERS, progress=shown.append)
        assert [step.done for step in shown] == [*range(1, 26)]
        assert shown[-1].found == linked.spots

    def test_no_frame_is_kept(self) -> None:
        class Counted:
            shape, dtype, kept = (25, 128, 128), np.dtype(np.uint8), 0

            def __len__(self) -> int:
                return 25

            def __getitem__(self, number: int) -> Any:
                import weakref

                frame = movie.frame(number).copy()
                self.alive = [each for each in self.alive if each() is not None]
                self.alive.append(weakref.ref(frame))
                Counted.kept = max(Counted.kept, len(self.alive))
                return frame

            alive: list[Any] = []  # noqa: RUF012

        movie = beads()
        link(as_movie(Counted()), BEAD_PARAMETERS)
        assert Counted.kept <= 2


def finish(steps: Any) -> Linked:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


class TestSentences:
    @staticmethod
    def sentence(movie: Any, **changes: Any) -> str:
        parameters = LinkingParameters(**{**SPOTS.model_dump(), **changes})
        with pytest.raises(InputError) as caught:
            link(movie, parameters)
        message = str(caught.value)
        assert message.startswith(f"{movie.source}: ")
        assert message.endswith(".")
        assert "\n" not in message
        return message

    def test_nothing_to_see(self) -> None:
        movie = as_movie(np.full((4, 40, 40), 7, np.uint8))
        message = self.sentence(movie)
        assert "no spot was found in 4 frames; choose another diameter than 9" in message
        assert "dark spots on light" in message

    def test_too_small_fractions(self) -> None:
        movie = as_movie(1e-3 * draw(walks(), (80, 84)))
        assert "differ by no more than 0.001 and less than 1/255" in self.sentence(movie)

    def test_too_large_a_mass(self) -> None:
        movie = as_movie(200 * draw(walks(), (80, 84)))
        message = self.sentence(movie, minimum_mass=1e6)
        assert "none of 48 spots has a mass above 1e+06, the largest is" in message
        assert "choose a smaller minimum mass" in message

    def test_too_short_tracks(self) -> None:
        movie = as_movie(200 * draw(walks(), (80, 84)))
        message = self.sentence(movie, minimum_length=13)
        assert "none of the 4 tracks of 48 spots has 13 points, the longest has 12" in message
        assert "in 12 frames; choose a smaller minimum length" in message
        message = self.sentence(movie, search_range=0.001, minimum_length=5)
        assert "a larger search range than 0.001 or a larger memory than 3" in message

    def test_too_many_in_reach(self) -> None:
        message = self.sentence(beads(), diameter=5, search_range=40, dark_on_light=True)
        assert "at frame 1, too many of the " in message
        assert "choose a smaller search range or a larger minimum mass" in message

    def test_too_small_a_frame(self) -> None:
        message = self.sentence(as_movie(np.zeros((4, 8, 20), np.uint8)))
        assert "a frame of 8 x 20 pixels cannot hold a spot with a diameter of 9 x 9" in message

    def test_one_track_is_no_drift(self) -> None:
        movie = as_movie(200 * draw(walks()[:, :1], (80, 84)))
        assert "a single track cannot be told from drift" in self.sentence(
            movie, subtract_drift=True
        )

    def test_a_damaged_frame(self, tmp_path: Path) -> None:
        path = tmp_path / "beads.tif"
        data = bytearray(BEADS.read_bytes())
        middle = len(data) // 2
        data[middle : middle + 3000] = bytes(3000)
        path.write_bytes(data)
        message = self.sentence(open_movie(path), dark_on_light=True)
        assert " cannot be read " in message


class TestLocate:
    def test_without_a_minimum_there_are_more(self) -> None:
        frame = beads().frame(0)
        every = locate(frame, BEAD_PARAMETERS.model_copy(update={"minimum_mass": 0}))
        heavy = locate(frame, BEAD_PARAMETERS)
        assert len(every) > len(heavy) > 10
        pd.testing.assert_frame_equal(heavy, every[every["mass"] > 200].reset_index(drop=True))

    def test_an_empty_frame_has_the_same_columns(self) -> None:
        full = locate(beads().frame(0), BEAD_PARAMETERS)
        empty = locate(np.zeros((40, 40), np.uint8), BEAD_PARAMETERS, number=3)
        assert len(empty) == 0
        assert list(empty) == list(full)
        assert "frame" in empty

    @given(
        hnp.arrays(
            st.sampled_from([np.bool_, np.uint8, np.int16, np.dtype(">u2"), np.float64]),
            st.tuples(st.integers(3, 24), st.integers(3, 24)),
        ),
        st.booleans(),
    )
    @settings(max_examples=40)
    def test_any_frame_gives_spots_inside_it(self, frame: np.ndarray, dark: bool) -> None:
        parameters = LinkingParameters(diameter=3, dark_on_light=dark)
        before = frame.copy()
        spots = locate(frame, parameters)
        np.testing.assert_array_equal(frame, before)
        if len(spots):
            assert spots["y"].between(0, frame.shape[0] - 1).all()
            assert spots["x"].between(0, frame.shape[1] - 1).all()

    def test_warnings_of_others_stay(self) -> None:
        locate(np.zeros((40, 40), np.uint8), BEAD_PARAMETERS)
        with pytest.warns(UserWarning, match="no local maxima, says the user"):
            warnings.warn("Image contains no local maxima, says the user", stacklevel=1)
        with pytest.warns(DeprecationWarning, match="old"):
            warnings.warn("old", DeprecationWarning, stacklevel=1)

    def test_filters_do_not_pile_up(self) -> None:
        locate(np.zeros((40, 40), np.uint8), BEAD_PARAMETERS)
        before = list(warnings.filters)
        locate(np.zeros((40, 40), np.uint8), BEAD_PARAMETERS)
        assert list(warnings.filters) == before


def test_trackpy_is_imported_when_something_is_linked() -> None:
    code = (
        "import sys, napari_anomalous_diffusion.tracks.linking\n"
        "print([name for name in ('pandas', 'trackpy', 'numba', 'torch') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
