from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import matplotlib as mpl
import matplotlib.style
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from scipy.stats import gaussian_kde

from napari_anomalous_diffusion import InputError, Scores, Trajectories, score
from napari_anomalous_diffusion.autoencoders.bank import Bank
from napari_anomalous_diffusion.autoencoders.engine import reconstruct
from napari_anomalous_diffusion.autoencoders.windows import cut
from napari_anomalous_diffusion.scores import plots
from napari_anomalous_diffusion.scores.palette import verdict_colours

LENGTHS = (30, 5, 25, 60, 1, 40, 20, 45)
VERDICTS = ["fbm", "too short", "immobile", "sbm", "too short", "fbm", "fbm", "attm"]


def walks(dimensions: int = 2) -> Trajectories:
    """Eight walks, the third of which stays where it is."""
    random = np.random.default_rng(0)
    parts = [random.normal(size=(length, dimensions)).cumsum(axis=0) for length in LENGTHS]
    parts[2][:] = 7.5
    frames = np.concatenate([np.arange(length) for length in LENGTHS])
    ids = np.repeat([f"cell {number}" for number in range(len(LENGTHS))], LENGTHS)
    return Trajectories.from_points(ids, frames, np.concatenate(parts), source="some/walks.csv")


@pytest.fixture(scope="module")
def scores(tiny_bank: Bank) -> Scores:
    """Scores of the walks, with verdicts of our choice."""
    made = score(walks(), tiny_bank)
    return replace(made, table=made.table.assign(verdict=VERDICTS))


@pytest.fixture
def too_short(tiny_bank: Bank) -> Scores:
    return score(walks().select([1, 4]), tiny_bank)


@pytest.fixture(params=["default", "dark_background"])
def axes(request: pytest.FixtureRequest) -> Iterator[Axes]:
    with mpl.style.context(request.param):
        figure = Figure(figsize=(3.5, 3), layout="constrained")
        yield figure.subplots()
        figure.draw_without_rendering()


def lines(axes: Axes) -> LineCollection:
    [collection] = [made for made in axes.collections if isinstance(made, LineCollection)]
    return collection


def hexes(collection: LineCollection) -> list[str]:
    return [to_hex(colour).upper() for colour in collection.get_colors()]


def texts(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def names(axes: Axes) -> list[str]:
    return [label.get_text() for label in axes.get_xticklabels()]


def test_every_track_is_a_line_in_the_colour_of_its_verdict(axes: Axes, scores: Scores) -> None:
    trajectories = walks()
    plots.tracks_by_label(axes, trajectories, scores)
    drawn = dict(zip(map(len, lines(axes).get_segments()), hexes(lines(axes)), strict=True))
    palette = verdict_colours(scores.labels)
    assert drawn == {
        length: palette[verdict] for length, verdict in zip(LENGTHS, VERDICTS, strict=True)
    }
    first = next(line for line in lines(axes).get_segments() if len(line) == LENGTHS[0])
    np.testing.assert_allclose(first, trajectories.positions[: LENGTHS[0], ::-1])


def test_what_has_no_label_lies_underneath(axes: Axes, scores: Scores) -> None:
    plots.tracks_by_label(axes, walks(), scores)
    assert [len(line) for line in lines(axes).get_segments()] == [5, 25, 1, 30, 60, 40, 20, 45]


def test_what_does_not_move_is_a_dot(axes: Axes, scores: Scores) -> None:
    plots.tracks_by_label(axes, walks(), scores)
    dots = axes.collections[-1].get_offsets()
    assert len(dots) == 2  # one immobile, one of a single point
    assert (7.5, 7.5) in {tuple(dot) for dot in dots}


def test_y_points_down_at_equal_scales_and_nothing_is_cut_off(axes: Axes, scores: Scores) -> None:
    trajectories = walks()
    plots.tracks_by_label(axes, trajectories, scores)
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    assert (axes.get_aspect(), axes.get_xlabel(), axes.get_ylabel()) == (1.0, "x", "y")
    assert bottom > top
    low, high = trajectories.positions.min(axis=0), trajectories.positions.max(axis=0)
    assert (top, left) < tuple(low)
    assert (bottom, right) > tuple(high)
    assert right - left < 1.2 * np.ptp(trajectories.positions, axis=0).max()


def test_tracks_in_space_are_seen_along_z(axes: Axes, tiny_bank: Bank) -> None:
    trajectories = walks(3)
    plots.tracks_by_label(axes, trajectories, score(trajectories, tiny_bank))
    first = next(line for line in lines(axes).get_segments() if len(line) == LENGTHS[0])
    np.testing.assert_allclose(first, trajectories.positions[: LENGTHS[0], [2, 1]])


def test_tracks_on_a_line_are_drawn_over_their_frames(axes: Axes, tiny_bank: Bank) -> None:
    trajectories = walks(1)
    plots.tracks_by_label(axes, trajectories, score(trajectories, tiny_bank))
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("frame", "x")
    assert axes.get_xlim()[0] < 0
    assert axes.get_xlim()[1] > 59
    bottom, top = axes.get_ylim()
    assert bottom < trajectories.positions.min()
    assert top > trajectories.positions.max()


def test_a_single_point_has_limits_too(axes: Axes, tiny_bank: Bank) -> None:
    trajectories = walks().select([4])
    plots.tracks_by_label(axes, trajectories, score(trajectories, tiny_bank))
    assert np.ptp(axes.get_xlim()) > 0


def test_the_legend_has_a_swatch_a_name_a_count_and_a_share(axes: Axes, scores: Scores) -> None:
    legend = plots.legend(axes, scores)
    assert [text.get_text().split() for text in legend.get_texts()] == [
        ["ATTM", "1", "12", "%"],
        ["FBM", "3", "38", "%"],
        ["SBM", "1", "12", "%"],
        ["immobile", "1", "12", "%"],
        ["too", "short", "2", "25", "%"],
    ]
    palette = verdict_colours(scores.labels)
    swatches = [to_hex(patch.get_facecolor()).upper() for patch in legend.get_patches()]
    assert swatches == [palette[verdict] for verdict in plots.verdict_counts(scores)]
    # In columns: letters of one width, lines of one length.
    assert len({len(text.get_text()) for text in legend.get_texts()}) == 1


def test_a_legend_can_do_without_counts_and_belong_to_a_figure(scores: Scores) -> None:
    legend = plots.legend(Figure(), scores, counts=False, ncols=5)
    assert [text.get_text() for text in legend.get_texts()][:2] == ["ATTM", "FBM"]


def test_a_profile_shows_the_quartiles_and_medians_of_all_tracks(
    axes: Axes, scores: Scores
) -> None:
    plots.error_profile(axes, scores)
    errors = scores.errors[~np.isnan(scores.errors).any(axis=1)]
    low, median, high = np.quantile(errors, [0.25, 0.5, 0.75], axis=0)
    bands = [(bar.get_y(), bar.get_y() + bar.get_height()) for bar in axes.patches]
    np.testing.assert_allclose(bands, np.transpose([low, high]))
    np.testing.assert_allclose([line[0, 1] for line in lines(axes).get_segments()], median)
    assert names(axes) == ["ATTM", "FBM", "SBM"]
    assert axes.get_yscale() == "log"
    assert axes.get_ylabel().replace("\n", " ") == "MSE, per track (squared rms displacement)"
    assert axes.get_xlabel() == "boxes: middle half of 5 tracks"


def test_a_profile_marks_the_lowest_error_of_a_track(axes: Axes, scores: Scores) -> None:
    plots.error_profile(axes, scores, 3)
    members, dots, ring = axes.lines
    np.testing.assert_allclose(dots.get_ydata(), scores.errors[3])
    assert ring.get_xdata() == [np.argmin(scores.errors[3])]
    assert ring.get_ydata() == [scores.errors[3].min()]
    np.testing.assert_allclose(members.get_ydata(), scores.member_errors[3].ravel())
    np.testing.assert_array_equal(members.get_xdata().round(), [0, 0, 1, 1, 2, 2])
    low, high = axes.get_ylim()
    assert low < members.get_ydata().min()
    assert high > members.get_ydata().max()
    assert axes.get_title() == "track cell 3"


def test_a_profile_of_a_track_without_errors_says_so(axes: Axes, scores: Scores) -> None:
    plots.error_profile(axes, scores, 1)
    assert not axes.lines
    assert axes.get_title() == "track cell 1 has no errors"


def test_distributions_reach_from_the_lowest_to_the_highest_error(
    axes: Axes, scores: Scores
) -> None:
    plots.error_distributions(axes, scores)
    errors = scores.errors[~np.isnan(scores.errors).any(axis=1)]
    for body, column in zip(axes.collections[:3], errors.T, strict=True):
        heights = body.get_paths()[0].vertices[:, 1]
        assert (heights.min(), heights.max()) == pytest.approx((column.min(), column.max()))
    medians = [line[0, 1] for line in axes.collections[3].get_segments()]
    np.testing.assert_allclose(medians, np.median(errors, axis=0))
    assert names(axes) == ["ATTM", "FBM", "SBM"]


def test_the_distribution_of_many_tracks_is_that_of_all_of_them(axes: Axes, scores: Scores) -> None:
    n_tracks, columns = 20_000, scores.bank.error_columns
    random = np.random.default_rng(0)
    errors = random.lognormal(-3, [0.1, 0.5, 1.0], size=(n_tracks, 3))
    errors[: n_tracks // 5, 0] *= 4  # of two kinds
    table = pd.DataFrame(errors, columns=columns).assign(n_windows=1)
    plots.error_distributions(axes, replace(scores, table=table))
    for body, column in zip(axes.collections[:3], np.log10(errors).T, strict=True):
        x, y = body.get_paths()[0].vertices.T
        half = len(x) // 2
        density = gaussian_kde(column)(np.log10(y[:half]))
        widths = np.abs(x[:half] - x[:half].mean().round())
        np.testing.assert_allclose(widths / widths.max(), density / density.max(), atol=0.01)


def test_one_scored_track_has_a_distribution_too(axes: Axes, tiny_bank: Bank) -> None:
    plots.error_distributions(axes, score(walks().select([0]), tiny_bank))
    assert axes.get_title() == "1 track: distribution and median"


def test_shares_are_bars_with_counts(axes: Axes, scores: Scores) -> None:
    plots.label_shares(axes, scores)
    assert [bar.get_width() for bar in axes.patches] == [12.5, 37.5, 12.5, 12.5, 25]
    assert texts(axes) == ["1 (12 %)", "3 (38 %)", "1 (12 %)", "1 (12 %)", "2 (25 %)"]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["ATTM", "FBM", "SBM", "immobile", "too short"]
    palette = verdict_colours(scores.labels)
    assert to_hex(axes.patches[-1].get_facecolor()).upper() == palette["too short"]
    assert axes.yaxis_inverted()


def test_windows_lie_beside_their_reconstructions(axes: Axes, tiny_bank: Bank) -> None:
    windows = cut(walks(), 20).values[:3]
    made = {label: reconstruct(tiny_bank, windows, label) for label in ("fbm", "attm")}
    plots.reconstruction(axes, windows, made, tiny_bank.labels)
    *drawn_lines, _ = axes.lines  # the track, then the members of each label, then a bar
    for line, values in zip(drawn_lines, [windows, made["fbm"], made["attm"]], strict=True):
        drawn, points = np.asarray(line.get_ydata()), np.asarray(line.get_xdata())
        np.testing.assert_allclose(drawn[~np.isnan(drawn)], values.ravel(), rtol=1e-6)
        starts = points[~np.isnan(drawn)].reshape(-1, 20)[:, 0].tolist()
        assert starts == [0, 23, 46] * (len(values) if values.ndim == 3 else 1)
    assert [line.get_linestyle() for line in drawn_lines] == ["-", "-", "--"]
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["track", "FBM", "ATTM"]


def test_a_bar_says_how_far_windows_reach(axes: Axes) -> None:
    windows = np.linspace(0, 19, 20, dtype=np.float32)[None]
    plots.window_axes(axes)
    plots.reconstruction(axes, windows, {})
    _, bar = axes.lines
    low, high = bar.get_ydata()
    assert high - low == pytest.approx(10)
    assert axes.get_ylabel() == "position\n(bar: 10 rms displ.)"
    axes.clear()
    plots.reconstruction(axes, windows / 19, {})
    assert axes.get_ylabel() == "position\n(bar: 0.5 rms displ.)"


def test_losses_are_drawn_round_by_round(axes: Axes, tiny_bank: Bank) -> None:
    plots.loss_curves(axes, tiny_bank)
    assert len(axes.lines) == 6
    assert list(axes.lines[0].get_xdata()) == [1, 2, 3]
    assert list(axes.lines[0].get_ydata()) == tiny_bank.contents.labels[0].members[0].loss_curve


@pytest.mark.parametrize("picture", [plots.error_profile, plots.error_distributions])
def test_where_nothing_is_scored_a_sentence_says_so(
    axes: Axes, too_short: Scores, picture: object
) -> None:
    assert callable(picture)
    picture(axes, too_short)
    assert texts(axes) == [plots.NOTHING_SCORED]


def test_where_there_are_no_tracks_a_sentence_says_so(axes: Axes, scores: Scores) -> None:
    none = replace(scores, table=scores.table.iloc[:0])
    plots.label_shares(axes, none)
    plots.tracks_by_label(axes, walks().select([]), none)
    plots.reconstruction(axes, np.empty((0, 20), np.float32), {})
    assert texts(axes) == [plots.NO_TRACKS, plots.NO_TRACKS, plots.NOTHING_SCORED]


def test_nothing_is_drawn_in_a_colour_that_a_theme_could_hide(scores: Scores) -> None:
    with mpl.style.context("dark_background"):
        axes = Figure().subplots()
        plots.error_profile(axes, scores, 3)
        assert axes.lines[0].get_color() == "white"


def bank_of(labels: list[str], scores: Scores) -> Bank:
    """Make a bank of many labels from the networks of one."""
    contents = scores.bank.contents
    made = [contents.labels[0].model_copy(update={"name": name}) for name in labels]
    return Bank(scores.bank.folder, contents.model_copy(update={"labels": made}))


def test_many_labels_are_turned_so_that_none_runs_into_another(scores: Scores) -> None:
    labels = [f"gamma={tenths / 10},beta=0.1" for tenths in range(10)]
    axes = Figure().subplots()
    plots.error_profile(axes, score(walks(), bank_of(labels, scores)))
    assert {label.get_rotation() for label in axes.get_xticklabels()} == {90.0}
    assert names(axes)[3] == "γ = 0.3, β = 0.1"


def test_a_plane_of_labels_has_columns_and_names_that_find_room(scores: Scores) -> None:
    labels = [f"gamma={g / 10},beta={b / 10}" for g in range(11) for b in range(11 - g)]
    many = score(walks(), bank_of(labels, scores))
    with mpl.rc_context({"font.size": 9}):
        figure = Figure(figsize=(3.3, 4.1), layout="constrained")
        shares, profile = figure.subplots(2, 1)
        plots.label_shares(shares, many)
        plots.error_profile(profile, many, 0)
        figure.draw_without_rendering()
    assert len(shares.patches) == 66 + 2
    assert sum(bar.get_height() for bar in shares.patches) == pytest.approx(100)
    assert names(shares)[-2:] == ["immobile", "too short"]
    for axes in (shares, profile):
        boxes = [label.get_window_extent() for label in axes.get_xticklabels()]
        assert all(left.x1 <= right.x0 for left, right in pairwise(boxes))
        assert names(axes)[1] == "γ = 0.0, β = 0.4"


def test_a_summary_holds_map_legend_shares_and_profile(scores: Scores) -> None:
    figure = plots.summary_figure(walks(), scores)
    tracks, shares, profile = figure.axes
    assert len(lines(tracks).get_segments()) == len(LENGTHS)
    assert tracks.get_legend() is not None
    assert len(shares.patches) == 5
    assert names(profile) == ["ATTM", "FBM", "SBM"]
    assert figure.get_suptitle() == "walks.csv, scored with tiny-20"


@pytest.mark.parametrize("ending", ["png", "pdf", "svg"])
def test_a_picture_is_written_whole(tmp_path: Path, scores: Scores, ending: str) -> None:
    path = tmp_path / "new folder" / f"picture.{ending}"
    plots.write_figure(plots.summary_figure(walks(), scores), path, dpi=30)
    assert [made.name for made in path.parent.iterdir()] == [path.name]
    assert path.stat().st_size > 1000


def test_a_picture_of_an_unknown_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"picture\.doc: a picture is written as \.png"):
        plots.write_figure(Figure(), tmp_path / "picture.doc")
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"picture\.png: cannot be written"):
        plots.write_figure(Figure(), tmp_path / "file" / "picture.png")
