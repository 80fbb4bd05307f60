"""The dock in napari: the only room where napari and Qt are imported."""
