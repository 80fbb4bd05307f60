"""Files that appear whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from napari_anomalous_diffusion.errors import InputError


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a place beside `path` to write to, and move what was written there to `path`.

    Parameters
    ----------
    path : path
        Its folder is made if need be, and a file that stands there is replaced.

    Yields
    ------
    Path
        A file that does not exist yet, in the same folder and with the same ending.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    path = Path(path)
    partial = path.with_name(f".{uuid4().hex}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        partial.replace(path)
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written ({error.strerror or error}); choose another place."
        ) from error
    finally:
        # Nothing is left to remove after a success, and where the folder could not be made.
        with suppress(OSError):
            partial.unlink()
