from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.tracks.table import Trajectories


def assert_same(one, other):
    assert one.track_ids.tolist() == other.track_ids.tolist()
    assert one.track_ids.dtype == other.track_ids.dtype
    np.testing.assert_array_equal(one.starts, other.starts)
    np.testing.assert_array_equal(one.frames, other.frames)
    np.testing.assert_array_equal(one.positions, other.positions)
    assert one.axes == other.axes


def refusal(build, *args, **options):
    """The sentence a user reads."""
    with pytest.raises(InputError) as caught:
        build(*args, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert message.endswith(".")
    return message


@st.composite
def point_lists(draw, ids=None, smallest_frame=-1000):
    """Ids, frames and positions of some tracks, one point a frame, in any order."""
    if ids is None:
        ids = draw(st.sampled_from([st.integers(-(2**62), 2**62), st.text(min_size=1)]))
        ids = ids.filter(lambda name: not isinstance(name, str) or name.strip())
    points = draw(
        st.lists(st.tuples(ids, st.integers(smallest_frame, 10**6)), min_size=1, unique=True)
    )
    n_axes = draw(st.integers(1, 3))
    coordinate = st.floats(-1e6, 1e6)
    row = st.lists(coordinate, min_size=n_axes, max_size=n_axes)
    positions = draw(st.lists(row, min_size=len(points), max_size=len(points)))
    track_ids, frames = zip(*points, strict=True)
    return list(track_ids), list(frames), np.array(positions)


class TestFromPoints:
    def test_interleaved_tracks_come_apart_in_order_of_first_appearance(self):
        tracks = Trajectories.from_points(
            track_ids=[7, 3, 7, 3, 7],
            frames=[2, 0, 0, 5, 1],
            positions=[[0.2], [3.0], [0.0], [3.5], [0.1]],
        )
        assert tracks.track_ids.tolist() == [7, 3]
        assert tracks.starts.tolist() == [0, 3, 5]
        assert tracks.lengths.tolist() == [3, 2]
        assert tracks.frames.tolist() == [0, 1, 2, 0, 5]
        assert tracks.positions[:, 0].tolist() == [0.0, 0.1, 0.2, 3.0, 3.5]
        assert tracks.rows.tolist() == [2, 4, 0, 1, 3]
        assert (tracks.n_tracks, tracks.n_points, tracks.dimensions) == (2, 5, 1)
        assert len(tracks) == 2

    def test_dtypes_are_those_promised(self):
        tracks = Trajectories.from_points(
            np.array([1, 1], np.uint8), np.array([0, 1], np.float32), np.ones((2, 2), np.float32)
        )
        assert tracks.track_ids.dtype == np.int64
        assert tracks.starts.dtype == tracks.frames.dtype == tracks.rows.dtype == np.int64
        assert tracks.positions.dtype == np.float64

    @pytest.mark.parametrize(
        ("given_ids", "kept"),
        [
            ([2, 1], [2, 1]),
            ([2.0, -1.0], [2, -1]),
            (["b", "a"], ["b", "a"]),
            (["02", "2"], ["02", "2"]),
            ([3.0, "a"], ["3", "a"]),
            (np.array([4, "a"], dtype=object), ["4", "a"]),
            (np.array([3, 4.0], dtype=object), [3, 4]),
            (np.array([2**64 - 1, 1], dtype=np.uint64), ["18446744073709551615", "1"]),
        ],
    )
    def test_ids_stay_the_users_own(self, given_ids, kept):
        tracks = Trajectories.from_points(given_ids, [0, 0], [[1.0], [2.0]])
        assert tracks.track_ids.tolist() == kept
        assert tracks.track_ids.dtype == (object if isinstance(kept[0], str) else np.int64)

    def test_a_number_and_the_same_number_as_text_are_one_track(self):
        ids = np.array([3.0, "3", 3, "a"], dtype=object)
        tracks = Trajectories.from_points(ids, [0, 1, 2, 0], np.zeros((4, 2)))
        assert tracks.track_ids.tolist() == ["3", "a"]

    def test_axes_in_any_order_end_as_z_y_x(self):
        tracks = Trajectories.from_points([1], [0], [[10.0, 20.0, 30.0]], axes=["x", "y", "z"])
        assert tracks.axes == ("z", "y", "x")
        assert tracks.positions.tolist() == [[30.0, 20.0, 10.0]]

    def test_a_rounding_error_in_a_frame_is_forgiven(self):
        times = np.arange(50) * 0.00748
        tracks = Trajectories.from_points(np.zeros(50), times / 0.00748, np.zeros((50, 2)))
        assert tracks.frames.tolist() == list(range(50))

    def test_the_input_is_not_kept(self):
        positions = np.array([[1.0], [2.0]])
        tracks = Trajectories.from_points([1, 1], [0, 1], positions)
        positions[:] = np.nan
        assert tracks.positions.tolist() == [[1.0], [2.0]]

    @given(point_lists(), st.randoms())
    def test_the_order_of_the_rows_does_not_matter(self, points, random):
        ids, frames, positions = points
        tracks = Trajectories.from_points(ids, frames, positions)
        order = list(range(len(ids)))
        random.shuffle(order)
        shuffled = Trajectories.from_points(
            [ids[row] for row in order], [frames[row] for row in order], positions[order]
        )
        places = {name: place for place, name in enumerate(shuffled.track_ids.tolist())}
        same = shuffled.select([places[name] for name in tracks.track_ids.tolist()])
        assert_same(same, tracks)
        np.testing.assert_array_equal(np.array(order)[same.rows], tracks.rows)

    @given(point_lists())
    def test_every_point_is_kept_once_and_frames_increase(self, points):
        ids, frames, positions = points
        tracks = Trajectories.from_points(ids, frames, positions)
        assert sorted(tracks.rows) == list(range(len(ids)))
        names = np.repeat(tracks.track_ids, tracks.lengths)
        for place, row in enumerate(tracks.rows):
            assert names[place] == ids[row]
            assert tracks.frames[place] == frames[row]
        np.testing.assert_array_equal(tracks.positions, positions[tracks.rows])
        for first, end in zip(tracks.starts[:-1], tracks.starts[1:], strict=True):
            assert end > first
            assert np.all(np.diff(tracks.frames[first:end]) > 0)


class TestRefusals:
    def points(self, **changed):
        points = {"track_ids": [5, 5, 8], "frames": [0, 1, 0], "positions": np.zeros((3, 2))}
        return points | {"source": "beads.csv"} | changed

    @pytest.mark.parametrize(
        ("changed", "said"),
        [
            (
                {"positions": [[0, 1], [0, np.nan], [0, 0]]},
                "beads.csv: 1 point has no finite position (the first: x = nan in track 5 at frame "
                "1); delete these points, a track may skip frames.",
            ),
            (
                {"positions": [[0, 1], [np.inf, 0], [np.nan, 0]]},
                "beads.csv: 2 points have no finite position (the first: y = inf in track 5 at",
            ),
            ({"positions": [[0, 1], [1e200, 0], [0, 0]]}, "y = 1e+200 in track 5 at frame 1"),
            (
                {"track_ids": ["a", "a", "a"]},
                "beads.csv: track 'a' has more than one point at frame 0; keep one point a frame, "
                "cut tracks where they split or merge, and delete spots that are not linked.",
            ),
            ({"frames": [1, 1, 1]}, "track 5 has more than one point at frame 1;"),
            (
                {"track_ids": [5, 5, 5], "frames": [1, 1, 1]},
                "track 5 has more than one point at frame 1 (1 more like it); keep",
            ),
            (
                {"frames": [0.0, 0.035, 0.07]},
                "beads.csv: frames must be whole numbers, but track 5 has a point at 0.035; if "
                "these are times, divide them by the frame interval.",
            ),
            ({"frames": [0, 1, 2.0**60]}, "track 8 has a point at 1.15292e+18"),
            (
                {"frames": [0, 1, np.nan]},
                "beads.csv: 1 point has no frame (track 8 has the first); give them their frame, "
                "or delete them.",
            ),
            ({"frames": [0, np.inf, np.nan]}, "2 points have no frame (track 5 has the first)"),
            ({"frames": [0, 1, "b"]}, "beads.csv: frames must be real numbers, not <U21."),
            ({"frames": [0j, 1, 2]}, "frames must be real numbers, not complex128."),
            (
                {"track_ids": [5, np.nan, np.nan]},
                "beads.csv: 2 points have no track id (row 2 is the first); delete the points that "
                "belong to no track.",
            ),
            (
                {"track_ids": np.array([5, "x", None], dtype=object)},
                "1 point has no track id (row 3",
            ),
            ({"track_ids": ["a", " ", "b"]}, "1 point has no track id (row 2 is the first)"),
            (
                {"track_ids": [5, 2.5, 8]},
                "beads.csv: 2.5 is not a track id; give every track a whole number or a name.",
            ),
            ({"track_ids": [5, np.inf, 8]}, "inf is not a track id"),
            ({"track_ids": np.array(["a", 2.5, 8], dtype=object)}, "2.5 is not a track id"),
            ({"track_ids": np.array(["a", True, 8], dtype=object)}, "True is not a track id"),
            ({"track_ids": np.array(["a", [1], 8], dtype=object)}, "[1] is not a track id"),
            (
                {"track_ids": [True, False, True]},
                "beads.csv: track ids are a list of whole numbers or text, not an array of bool "
                "with the shape (3,).",
            ),
            ({"track_ids": [[5, 5, 8]]}, "not an array of int64 with the shape (1, 3)."),
            (
                {"track_ids": [5, 5]},
                "beads.csv: 2 track ids, 3 frames and 3 positions do not belong together; give one "
                "of each for every point.",
            ),
            ({"positions": np.zeros((3, 2), dtype=bool)}, "coordinates must be real numbers, not"),
            ({"positions": np.zeros((3, 2), dtype=complex)}, "must be real numbers, not complex"),
            ({"positions": np.array([["a"]] * 3, dtype=object)}, "must be real numbers (could not"),
            (
                {"positions": np.zeros(3)},
                "positions have the shape (points, 1 to 3 coordinates), not (3,).",
            ),
            ({"positions": np.zeros((3, 4))}, "not (3, 4)."),
            ({"positions": np.zeros((0, 2))}, "beads.csv: there are no points in it; give at"),
            ({"axes": ["x", "z"]}, "the axes of 2 coordinates are y, x, not x, z."),
        ],
    )
    def test_say_what_is_wrong_where_and_what_to_do(self, changed, said):
        message = refusal(Trajectories.from_points, **self.points(**changed))
        assert message.startswith("beads.csv: ")
        assert said in message


class TestNapari:
    def test_two_and_three_dimensions(self):
        flat = np.array([[4.0, 0, 10, 20], [4, 1, 11, 21], [9, 0, 5, 6]])
        tracks = Trajectories.from_napari(flat, source="Tracks")
        assert tracks.track_ids.tolist() == [4, 9]
        assert tracks.axes == ("y", "x")
        assert tracks.positions[1].tolist() == [11, 21]
        solid = np.insert(flat, 2, 7.0, axis=1)
        assert Trajectories.from_napari(solid).axes == ("z", "y", "x")
        assert Trajectories.from_napari(flat[:, :3]).axes == ("x",)

    def test_tracks_are_renumbered_in_their_order(self):
        tracks = Trajectories.from_points(["b", "a", "b"], [3, 0, 1], [[1, 2], [3, 4], [5, 6]])
        assert tracks.to_napari().tolist() == [[0, 1, 5, 6], [0, 3, 1, 2], [1, 0, 3, 4]]

    @given(point_lists(smallest_frame=0))
    def test_round_trip(self, points):
        tracks = Trajectories.from_points(*points)
        data = tracks.to_napari()
        assert data.shape == (tracks.n_points, tracks.dimensions + 2)
        back = Trajectories.from_napari(data)
        assert back.track_ids.tolist() == list(range(tracks.n_tracks))
        np.testing.assert_array_equal(back.to_napari(), data)
        np.testing.assert_array_equal(back.rows, np.arange(tracks.n_points))

    @pytest.mark.parametrize("shape", [(5,), (5, 2), (5, 6), (2, 5, 4)])
    def test_another_shape_is_refused(self, shape):
        message = refusal(Trajectories.from_napari, np.zeros(shape), source="Tracks")
        assert message.startswith("Tracks: an array of tracks has the columns id, t, (z), y, x")
        assert str(shape) in message

    def test_an_empty_layer_is_refused(self):
        assert "no points" in refusal(Trajectories.from_napari, np.zeros((0, 4)))

    def test_napari_takes_no_negative_frames(self):
        tracks = Trajectories.from_points([1, 1], [-2, 3], [[0.0], [1.0]], source="bleach.csv")
        assert refusal(tracks.to_napari) == (
            "bleach.csv: napari cannot show the negative frame -2; number the frames from 0."
        )


def table(**columns):
    return pd.DataFrame(columns)


COORDINATES = {"x": [1.0, 2.0, 3.0], "y": [4.0, 5.0, 6.0], "z": [7.0, 8.0, 9.0]}


class TestFromFrame:
    @pytest.mark.parametrize(
        ("names", "axes"),
        [
            (["particle", "frame", "z", "y", "x", "mass", "ep"], "zyx"),
            (["y", "x", "mass", "frame", "particle"], "yx"),
            (["track_id", "t", "z", "y", "x", "id", "parent_track_id", "parent_id"], "zyx"),
            (["node_id", "t", "y", "x", "tracklet_id"], "yx"),
            (["TrackID", "t", "x", "y", "z"], "zyx"),
            (["y", "x", "I0", "frame", "loc_idx", "trajectory", "n_iter", "y_detect"], "yx"),
            (["ID", "T", "Z", "Y", "X"], "zyx"),
            (["ID", "T", "Y", "X"], "yx"),
            (["", "Trajectory", "Frame", "x", "y", "z", "m0"], "zyx"),
            (["Track ID", "Frame", "X", "Y"], "yx"),
            (["track_id", "frame", "x", "model", "alpha"], "x"),
            (["track_id", "frame", "t", "y", "x"], "yx"),
        ],
    )
    def test_the_conventions_are_told_apart(self, names, axes):
        values = {"frame": [0, 1, 0], **COORDINATES}
        columns = {}
        for name in names:
            plain = name.lower()
            track = plain in ("particle", "track_id", "tracklet_id", "trackid", "trajectory")
            if track or (plain == "id" and "track_id" not in names) or plain == "track id":
                columns[name] = [2, 2, 1]
            elif plain in ("frame", "t") and not (plain == "t" and "frame" in names):
                columns[name] = values["frame"]
            else:
                columns[name] = values.get(plain, [0.5, 0.25, 0.125])
        tracks = Trajectories.from_frame(pd.DataFrame(columns))
        assert tracks.track_ids.tolist() == [2, 1]
        assert tracks.frames.tolist() == [0, 1, 0]
        assert tracks.axes == tuple(axes)
        assert tracks.positions.T.tolist() == [COORDINATES[axis] for axis in axes]

    def test_names_given_by_the_user_win(self):
        mine = table(cell=["a", "a"], particle=[1, 1], when=[0, 1], frame=[0, 0], row=[1, 2])
        tracks = Trajectories.from_frame(mine, track="cell", frame="when", axes=["row"])
        assert tracks.track_ids.tolist() == ["a"]
        assert tracks.axes == ("x",)
        assert tracks.positions[:, 0].tolist() == [1.0, 2.0]

    @pytest.mark.parametrize("index", ["frame", ["frame", "particle"], ["particle"]])
    def test_an_index_counts_where_no_column_has_its_name(self, index):
        mine = table(particle=[1, 1], frame=[0, 1], y=[1, 2], x=[3, 4])
        for drop in (True, False):  # trackpy leaves the column beside an index of its name
            tracks = Trajectories.from_frame(mine.set_index(index, drop=drop))
            assert_same(tracks, Trajectories.from_frame(mine))

    def test_a_constant_z_is_kept_and_an_empty_one_is_not(self):
        mine = table(particle=[1, 1], frame=[0, 1], z=[5.0, 5.0], y=[1, 2], x=[3, 4])
        assert Trajectories.from_frame(mine).axes == ("z", "y", "x")
        assert Trajectories.from_frame(mine.assign(z=np.nan)).axes == ("y", "x")
        assert Trajectories.from_frame(mine.assign(z=None)).axes == ("y", "x")
        assert "z = nan in track 1" in refusal(
            Trajectories.from_frame, mine.assign(z=[np.nan, 1.0])
        )

    @pytest.mark.parametrize(
        "convert",
        [
            lambda column: column.astype(object),
            lambda column: column.astype(str),
            lambda column: column.astype("Int64"),
            lambda column: column.astype("category"),
            lambda column: column.astype(np.float32),
        ],
    )
    def test_numbers_of_every_pandas_kind_are_read(self, convert):
        mine = table(particle=[1, 1, 2], frame=[0, 1, 0], x=[3, 4, 5])
        tracks = Trajectories.from_frame(mine.apply(convert))
        assert tracks.track_ids.astype(int).tolist() == [1, 2]
        assert tracks.positions[:, 0].tolist() == [3.0, 4.0, 5.0]

    @given(point_lists())
    def test_round_trip(self, points):
        tracks = Trajectories.from_points(*points)
        frame = tracks.to_frame()
        assert list(frame.columns) == ["track_id", "frame", *tracks.axes]
        assert_same(Trajectories.from_frame(frame), tracks)

    @pytest.mark.parametrize(
        ("mine", "said"),
        [
            (
                table(cell=[1], frame=[0], y=[1], x=[1]),
                "beads.csv: no column holds the track ids (the columns are 'cell', 'frame', 'y', "
                "'x'); its points are not linked into tracks yet: link them, for example with "
                "trackpy.link on x, y and frame, or open their movie and link that; or, where a "
                "column holds the tracks, name the right one with --track (track= in Python).",
            ),
            (
                table(particle=[1], track_id=[2], frame=[0], x=[1]),
                "beads.csv: the columns 'particle' and 'track_id' could each hold the track ids; "
                "name the right one with --track (track= in Python).",
            ),
            (
                table(particle=[1], x=[1]),
                "beads.csv: no column holds the frames (the columns are 'particle', 'x'); name the "
                "right one with --frame (frame= in Python).",
            ),
            (
                table(particle=[1], frame=[0], pos=[1]),
                "beads.csv: no column holds the coordinate x (the columns are 'particle', 'frame', "
                "'pos'); name the coordinates in the order z, y, x with --axes (axes= in Python).",
            ),
            (table(particle=[1], frame=[0], z=[1], x=[1]), "no column holds the coordinate y"),
            (table(particle=[1], frame=[0], y=[1]), "no column holds the coordinate x"),
            (
                table(particle=[1], frame=[0], x=[1], X=[1]),
                "the columns 'x' and 'X' could each hold the coordinate x; name the coordin",
            ),
            (
                table(particle=[1, 2], frame=[0, 0], x=[1, "abc"]),
                "beads.csv: the column 'x' holds 'abc' in row 2 instead of a number; correct or "
                "delete this row.",
            ),
            (
                table(particle=[1], frame=pd.to_datetime(["2020-01-01"]), x=[1]),
                "beads.csv: the column 'frame' must hold real numbers, not datetime64",
            ),
            (table(particle=[1], frame=[0], x=[True]), "'x' must hold real numbers, not bool"),
            (table(particle=[1], frame=[0], x=[1j]), "'x' must hold real numbers, not complex128"),
            (table(particle=[1], frame=[0], x=[[1]]), "'x' holds '[1]' in row 1 instead of a"),
            (table(particle=[1, None], frame=[0, 0], x=[1, 2]), "(row 2 is the first)"),
            (table(particle=["a", None], frame=[0, 0], x=[1, 2]), "(row 2 is the first)"),
            (table(particle=pd.array([pd.NA, 1]), frame=[0, 0], x=[1, 2]), "(row 1 is the first)"),
            (table(particle=pd.to_datetime(["2020-01-01"]), frame=[0], x=[1]), "datetime64"),
            (table(particle=[1, 1], frame=[0, ""], x=[1, 2]), "1 point has no frame (track 1"),
            (table(particle=[], frame=[], x=[]), "beads.csv: there are no points in it"),
            (pd.DataFrame(), "no column holds the track ids (there are no columns)"),
            (pd.DataFrame(columns=[f"c{i}" for i in range(15)]), "'c11' and 3 more)"),
        ],
    )
    def test_refusals(self, mine, said):
        message = refusal(Trajectories.from_frame, mine, source="beads.csv")
        assert message.startswith("beads.csv: ")
        assert said in message

    def test_a_name_that_is_not_there_is_refused(self):
        mine = table(particle=[1], frame=[0], x=[1])
        assert refusal(Trajectories.from_frame, mine, track="cell") == (
            "table: there is no column 'cell' (the columns are 'particle', 'frame', 'x'); name the "
            "right one with --track (track= in Python)."
        )


class TestSelect:
    def make(self):
        return Trajectories.from_points(
            ["a", "b", "a", "c", "b"], [1, 0, 0, 4, 2], [[1], [2], [3], [4], [5]], source="here"
        )

    @pytest.mark.parametrize(
        ("indices", "names", "values", "rows"),
        [
            ([1], ["b"], [2, 5], [1, 4]),
            ([2, 0], ["c", "a"], [4, 3, 1], [3, 2, 0]),
            ([-1], ["c"], [4], [3]),
            ([True, False, True], ["a", "c"], [3, 1, 4], [2, 0, 3]),
            ([], [], [], []),
        ],
    )
    def test_whole_tracks_in_the_order_asked_for(self, indices, names, values, rows):
        some = self.make().select(indices)
        assert some.track_ids.tolist() == names
        assert some.positions[:, 0].tolist() == values
        assert some.rows.tolist() == rows
        assert len(some.starts) == len(names) + 1
        assert some.source == "here"

    def test_all_of_them_is_the_same_table(self):
        assert_same(self.make().select([0, 1, 2]), self.make())


def test_a_million_points_take_no_longer_than_to_sort_them_a_few_times():
    n_tracks, length = 50_000, 20
    ids = np.tile(np.arange(n_tracks), length)
    frames = np.repeat(np.arange(length), n_tracks)
    start = time.process_time()
    np.lexsort((frames, ids))
    sorted_ = time.process_time()
    tracks = Trajectories.from_points(ids, frames, np.zeros((len(ids), 2)))
    # About 20 times as long; to look for the points of each track would take thousands of times.
    assert time.process_time() - sorted_ < 100 * (sorted_ - start)
    assert tracks.n_tracks == n_tracks


def test_arrays_need_no_pandas():
    code = (
        "import sys, numpy\n"
        "from napari_anomalous_diffusion.tracks.files import read_tracks\n"
        "read_tracks(numpy.array([[1, 0, 2.0, 3.0]]))\n"
        "assert not {'pandas', 'torch', 'pyarrow'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
