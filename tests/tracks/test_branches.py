from __future__ import annotations

import warnings

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from napari_anomalous_diffusion.tracks.branches import connected, cut_at_branches


@given(st.data())
def test_pieces_are_the_longest_paths_without_a_branch(data):
    """Compared with following every link by hand."""
    n_points = data.draw(st.integers(1, 12))
    frames = np.array(data.draw(st.lists(st.integers(0, 5), min_size=n_points, max_size=n_points)))
    pairs = [(a, b) for a in range(n_points) for b in range(n_points) if frames[a] < frames[b]]
    chosen = data.draw(st.lists(st.sampled_from(pairs), unique=True, max_size=15)) if pairs else []
    edges = np.array(chosen, dtype=np.int64).reshape(-1, 2)
    ids = connected(edges, n_points)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pieces = cut_at_branches(ids, frames.astype(float), edges[:, ::-1], "tracks")
    assert {str(piece).split(".")[0] for piece in pieces} == set(map(str, ids.tolist()))
    after = {a: [b for start, b in chosen if start == a] for a in range(n_points)}
    before = {b: [a for a, end in chosen if end == b] for b in range(n_points)}
    for a in range(n_points):
        for b in range(n_points):
            together = [b] == after[a] and [a] == before[b]
            if together:
                assert pieces[a] == pieces[b]
            elif b in after[a]:
                assert pieces[a] != pieces[b]
    for piece in set(pieces):
        times = sorted(frames[pieces == piece])
        assert len(set(times)) == len(times)
