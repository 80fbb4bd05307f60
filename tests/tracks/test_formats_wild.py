"""Whatever lies in a file, it gives tracks or one clear sentence."""

from __future__ import annotations

import shutil
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.tracks.files import read_tracks
from napari_anomalous_diffusion.tracks.formats import holds_tracks
from napari_anomalous_diffusion.tracks.notices import Notice

CSV = b"particle,frame,y,x\n4,0,1.5,10.25\n4,1,2.5,11.25\n9,0,3.5,12.25\n"
SPOTS = (
    "LABEL,ID,TRACK_ID,POSITION_X,POSITION_Y,POSITION_Z,POSITION_T,FRAME\n"
    "Label,Spot ID,Track ID,X,Y,Z,T,Frame\nLabel,Spot ID,Track ID,X,Y,Z,T,Frame\n"
    ",,,(µm),(µm),(µm),(sec),\nID1,1,4,1.5,2.5,0,0,0\nID2,2,,3,4,0,0.5,1\nID3,3,4,3,4,0,0.5,1\n"
).encode()
PARTICLES = (
    b'<?xml version="1.0" encoding="UTF-8"?><Tracks spaceUnits="um" frameInterval="1.0" '
    b'timeUnits="sec"><particle nSpots="2"><detection t="0" x="1" y="2" z="0.0"/>'
    b'<detection t="1" x="2" y="3" z="1.0"/></particle></Tracks>'
)
MODEL = (
    b'<TrackMate version="7.0"><Model spatialunits="um" timeunits="sec"><AllSpots nspots="3">'
    b'<Spot ID="1" FRAME="0" POSITION_X="1" POSITION_Y="2" POSITION_Z="0"/>'
    b'<Spot ID="2" FRAME="1" POSITION_X="1" POSITION_Y="2" POSITION_Z="0"/>'
    b'<Spot ID="3" FRAME="1" POSITION_X="1" POSITION_Y="5" POSITION_Z="0"/></AllSpots><AllTracks>'
    b'<Track TRACK_ID="0"><Edge SPOT_SOURCE_ID="1" SPOT_TARGET_ID="2"/>'
    b'<Edge SPOT_SOURCE_ID="1" SPOT_TARGET_ID="3"/></Track></AllTracks>'
    b'<FilteredTracks><TrackID TRACK_ID="0"/></FilteredTracks></Model>'
    b'<Settings><ImageData timeinterval="0.1"/></Settings></TrackMate>'
)
BEGINNINGS = (
    b"PAR1", b"\x89HDF\r\n\x1a\n", b"<Tracks>", b"<TrackMate>", b"<?xml ", b"\xff\xfe",
    b"TRACK_ID,FRAME,POSITION_Z,POSITION_Y,POSITION_X\n", b"# \n", b"track frame x\n",
)  # fmt: skip

ODD = st.sampled_from(
    [b"", b"nan", b"inf", b"-1", b"1e308", b"1e400", b"9" * 20, b"0", b'"', b"<", b"\0", b"\xff",
     b",", b"\n", b"&a;", b"0x1", b"1,5", "\u0661".encode()]
)  # fmt: skip


@st.composite
def damaged(draw, samples=(CSV, SPOTS, PARTICLES, MODEL)):
    """Cut a sample short, and put something odd in place of parts of it."""
    content = draw(st.sampled_from(samples))
    content = content[: draw(st.integers(0, len(content)))] if draw(st.booleans()) else content
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(content)))
        stop = draw(st.integers(start, min(start + 4, len(content))))
        content = content[:start] + draw(ODD) + content[stop:]
    return content


def assert_tracks_or_one_sentence(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Notice)
        try:
            tracks = read_tracks(path)
        except InputError as error:
            message = str(error)
            assert message.startswith(f"{path}: ")
            assert "\n" not in message
            assert message.endswith(".")
        else:
            assert tracks.n_tracks > 0
            assert np.isfinite(tracks.positions).all()
    assert holds_tracks(path) in (True, False)


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.one_of(
        st.binary(),
        st.builds(bytes.__add__, st.sampled_from(BEGINNINGS), st.binary()),
        damaged(),
    )
)
@example(content=MODEL.replace(b'ID="1"', b'ID="nan"'))
@example(content=MODEL.replace(b'FRAME="0"', b'FRAME="inf"'))
@example(content=MODEL.replace(b'TRACK_ID="0"', b'TRACK_ID="99999999999999999999"'))
@example(content=PARTICLES.replace(b"UTF-8", b"UTF-7"))
@example(content=PARTICLES.replace(b'frameInterval="1.0"', b'frameInterval="1e999"'))
@example(content=SPOTS.replace(b"0.5,1", b"1e308,1"))
def test_bytes(tmp_path, content):
    path = tmp_path / "any"
    path.write_bytes(content)
    assert_tracks_or_one_sentence(path)


@pytest.mark.filterwarnings("ignore:The default value of 'track_times'")
def test_damaged_hdf5(tmp_path):
    pytest.importorskip("tables")
    pytest.importorskip("h5py")
    path = tmp_path / "store.h5"
    table = pd.DataFrame({"particle": [4, 4], "frame": [0, 1], "y": [1.5, 2.5], "x": [3.0, 4.0]})
    table.to_hdf(path, key="tracks", format="table", index=False)
    content = path.read_bytes()
    random = np.random.default_rng(0)
    for _ in range(60):
        changed = bytearray(content[: random.integers(8, len(content))])
        for place in random.integers(8, len(changed), 3) if len(changed) > 8 else ():
            changed[place] = random.integers(256)
        path.write_bytes(changed)
        assert_tracks_or_one_sentence(path)


def test_damaged_graphs(tmp_path):
    zarr = pytest.importorskip("zarr")
    sound = tmp_path / "sound.geff"
    group = zarr.open_group(str(sound), mode="w", zarr_format=2)
    group.create_array("nodes/ids", data=np.arange(3, dtype=np.uint64))
    group.create_array("edges/ids", data=np.array([[0, 1], [0, 2]], dtype=np.uint64))
    for name in "txy":
        group.create_array(f"nodes/props/{name}/values", data=np.array([0.0, 1.0, 1.0]))
    group.attrs["geff"] = {
        "axes": [{"name": name, "type": "time" if name == "t" else "space"} for name in "txy"]
    }
    files = sorted(item.relative_to(sound) for item in sound.rglob("*") if item.is_file())
    random = np.random.default_rng(0)
    for name in files:
        for damage in range(3):
            path = tmp_path / f"{damage}-{random.integers(2**60)}.geff"
            shutil.copytree(sound, path)
            content = (path / name).read_bytes()
            if damage == 0:
                (path / name).unlink()
            elif damage == 1:
                (path / name).write_bytes(content[: random.integers(len(content))])
            else:
                place = int(random.integers(len(content)))
                changed = content[:place] + bytes([random.integers(256)]) + content[place + 1 :]
                (path / name).write_bytes(changed)
            assert_tracks_or_one_sentence(path)
