"""TrackMate's XML files: those it saves its work in, and those with tracks alone.

The first holds a model, with all spots by frame and the links of each track; tracks may split and
merge. The second holds particles with their detections. Both have positions in lengths.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

import numpy as np

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.tracks.branches import cut_at_branches
from napari_anomalous_diffusion.tracks.checks import WHOLE_LIMIT
from napari_anomalous_diffusion.tracks.formats.layout import one_line
from napari_anomalous_diffusion.tracks.formats.trackmate import (
    HOW_TO_LINK,
    say_unlinked,
    without_flat_depth,
)
from napari_anomalous_diffusion.tracks.table import Trajectories
from napari_anomalous_diffusion.tracks.units import calibration_of

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_anomalous_diffusion.tracks.formats import ColumnNames

MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
"""What may stand before the first character of a text: the order of its bytes."""

ROOT = re.compile(rb"<([A-Za-z_][\w.:-]*)")
AXES = "zyx"
WHY_NOT = "save it again from TrackMate"


def recognises(path: Path, beginning: bytes) -> bool:
    """Tell whether a file is XML."""
    for mark in MARKS:
        beginning = beginning.removeprefix(mark)
    return beginning.replace(b"\0", b"").lstrip().startswith(b"<")


def holds_tracks(path: Path, beginning: bytes) -> bool:
    """Tell whether the root is one of TrackMate's."""
    return _root(beginning) in ("TrackMate", "Tracks")


def read(path: Path, beginning: bytes, names: ColumnNames) -> Trajectories:
    """Read the tracks of either kind of file."""
    root = _root(beginning)
    if root == "TrackMate":
        return _read_model(path)
    if root == "Tracks":
        return _read_particles(path)
    raise InputError(
        f"{path}: is an XML file, but not one of TrackMate's; give TrackMate's XML, or a table of "
        "tracks as CSV."
    )


def _root(beginning: bytes) -> str:
    """Return the name of the first element, past declarations and comments."""
    plain = re.sub(rb"<!--.*?-->|<[?!][^>]*>", b"", beginning.replace(b"\0", b""), flags=re.DOTALL)
    found = ROOT.search(plain)
    return found.group(1).decode() if found else ""


Handlers = dict[str, Callable[[dict[str, str]], Any]]


def _parse(path: Path, opened: Handlers) -> None:
    """Go through a file, and call the handler of every element that has one with its attributes.

    Nothing is kept of the rest. A document type is refused, since it could define entities that
    grow without bounds.
    """

    def start(name: str, attributes: dict[str, str]) -> None:
        handler = opened.get(name)
        if handler is None:
            return
        try:
            handler(attributes)
        except KeyError as error:
            raise InputError(
                f"{path}: a {name} (line {parser.CurrentLineNumber}) has no {error.args[0]}; "
                f"{WHY_NOT}."
            ) from error
        except (ValueError, OverflowError) as error:
            raise InputError(
                f"{path}: a {name} (line {parser.CurrentLineNumber}) holds what is no number "
                f"({one_line(error)}); {WHY_NOT}."
            ) from error

    def refuse(*_: object) -> None:
        raise InputError(
            f"{path}: declares a document type, which no file of TrackMate's does; {WHY_NOT}."
        )

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = refuse
    try:
        with path.open("rb") as file:
            parser.ParseFile(file)
    except InputError:
        raise
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise InputError(
            f"{path}: is a damaged or truncated XML file ({one_line(error)}); {WHY_NOT}."
        ) from error


def _read_particles(path: Path) -> Trajectories:
    root: dict[str, str] = {}
    sizes = array("q")
    points = array("d")

    def add(attributes: dict[str, str]) -> None:
        points.extend(float(attributes[name]) for name in ("t", "z", "y", "x"))
        sizes[-1] += 1

    _parse(
        path,
        {"Tracks": root.update, "particle": lambda _: sizes.append(0), "detection": add},
    )
    table = np.array(points).reshape(-1, 4)
    if not len(table):
        raise InputError(f"{path}: there are no tracks in it; {HOW_TO_LINK}.")
    ids = np.repeat(np.arange(len(sizes)), sizes)
    _refuse_branches(ids, table[:, 0], path)
    tracks = without_flat_depth(
        Trajectories.from_points(ids, table[:, 0], table[:, 1:], source=str(path))
    )
    return _calibrated(
        tracks, root.get("spaceUnits"), root.get("frameInterval"), root.get("timeUnits")
    )


def _refuse_branches(ids: NDArray[np.int64], frames: NDArray[np.float64], path: Path) -> None:
    same = (np.diff(frames) == 0) & (np.diff(ids) == 0)
    if same.any():
        first = int(np.argmax(same))
        raise InputError(
            f"{path}: track {ids[first]} has more than one spot at frame {frames[first]:g}, so it "
            "splits or merges, and this file does not say where; save it from TrackMate as its own "
            "XML (the button Save), which is cut at the branches here."
        )


class _Model:
    """What is read of TrackMate's model: spots, links, which tracks are shown, units."""

    def __init__(self) -> None:
        self.spots = array("d")
        self.edges = array("d")
        self.shown: set[int] | None = None
        self.about: dict[str, str] = {}
        self._track = 0

    @property
    def handlers(self) -> Handlers:
        return {
            "Model": self.about.update,
            "ImageData": self.about.update,
            "Spot": self._add_spot,
            "Track": self._open_track,
            "Edge": self._add_edge,
            "FilteredTracks": self._open_shown,
            "TrackID": self._show,
        }

    def _add_spot(self, spot: dict[str, str]) -> None:
        values = ("ID", "FRAME", "POSITION_Z", "POSITION_Y", "POSITION_X")
        self.spots.extend([float(spot[name]) for name in values])

    def _open_track(self, track: dict[str, str]) -> None:
        self._track = _id(track["TRACK_ID"])

    def _add_edge(self, edge: dict[str, str]) -> None:
        ends = (float(edge["SPOT_SOURCE_ID"]), float(edge["SPOT_TARGET_ID"]))
        self.edges.extend((float(self._track), *ends))

    def _open_shown(self, _: dict[str, str]) -> None:
        self.shown = set()

    def _show(self, track: dict[str, str]) -> None:
        if self.shown is not None:
            self.shown.add(_id(track["TRACK_ID"]))


def _id(text: str) -> int:
    number = int(text)
    if abs(number) >= WHOLE_LIMIT:
        raise ValueError(f"{text} is too large")
    return number


def _read_model(path: Path) -> Trajectories:
    model = _Model()
    _parse(path, model.handlers)
    spots = np.array(model.spots).reshape(-1, 5)
    edges = np.array(model.edges).reshape(-1, 3)
    if not len(edges):
        raise InputError(f"{path}: none of its {len(spots):,} spots is linked; {HOW_TO_LINK}.")
    if model.shown is not None:
        edges = edges[np.isin(edges[:, 0], list(model.shown))]
        if not len(edges):
            raise InputError(
                f"{path}: TrackMate's filters hide all of its tracks; loosen them, and save again."
            )
    ends = _places(spots[:, 0], edges[:, 1:], path)
    # Everything below is about spots that are linked.
    linked, ends = np.unique(ends, return_inverse=True)
    ends = ends.reshape(-1, 2)
    say_unlinked(len(spots) - len(linked), str(path))
    spots = spots[linked]
    ids = np.empty(len(spots), dtype=np.int64)
    ids[ends] = edges[:, :1].astype(np.int64)
    ids = cut_at_branches(ids, spots[:, 1], ends, str(path))
    tracks = without_flat_depth(
        Trajectories.from_points(ids, spots[:, 1], spots[:, 2:], source=str(path))
    )
    about = model.about
    return _calibrated(
        tracks, about.get("spatialunits"), about.get("timeinterval"), about.get("timeunits")
    )


def _places(ids: NDArray[np.float64], wanted: NDArray[np.float64], path: Path) -> NDArray[np.int64]:
    """Find the places of spots by their ids."""
    order = np.argsort(ids, kind="stable")
    places = np.searchsorted(ids, wanted, sorter=order)
    found = order[np.minimum(places, len(ids) - 1)] if len(ids) else None
    if found is None or not np.array_equal(ids[found], wanted):
        raise InputError(f"{path}: some of its links are of spots that are not in it; {WHY_NOT}.")
    return found


def _calibrated(
    tracks: Trajectories, length_unit: str | None, interval: str | None, time_unit: str | None
) -> Trajectories:
    """Attach what a file says of lengths, in which its positions are, and of times."""
    try:
        seconds = float(interval or 0)
    except ValueError:
        seconds = 0.0
    count = tracks.dimensions
    return tracks.calibrated(
        calibration_of([1.0] * count, [length_unit] * count, seconds, time_unit)
    )
