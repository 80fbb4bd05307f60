"""Banks: sets of autoencoders that can be compared, read from a folder and checked.

A bank is a folder with ``bank.json``, the ``recipe.toml`` it was trained from and one safetensors
file for each network. Nothing in it is executed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from napari_anomalous_diffusion.autoencoders.places import bank_folders
from napari_anomalous_diffusion.autoencoders.storage import Precision, checksum, read_weights
from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.writing import whole_file

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor, nn

    from napari_anomalous_diffusion.autoencoders.networks import Normalisation

DEFAULT_BANK = "models-20"


class StoredFile(BaseModel):
    """A file of weights.

    Attributes
    ----------
    file : str
        Name of a safetensors file in the bank's folder.
    sha256 : str
        Its checksum, in hexadecimal.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    file: str = Field(pattern=r"^[\w=.,-]+\.safetensors$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class Member(StoredFile):
    """One trained network of a label; of one that was imported, only the file is known.

    Attributes
    ----------
    file, sha256
        See `StoredFile`.
    seed : int or None
        Seed of its first weights, of its order of windows and of their signs.
    own_error : float or None
        Mean error over held-out windows of its own label.
    loss_curve : list of float
        Training loss of each epoch.
    """

    seed: int | None = None
    own_error: float | None = None
    loss_curve: list[float] = []


class Label(BaseModel):
    """What the networks of one label were trained on, and the networks.

    Attributes
    ----------
    name : str
        As it stands in every table: ``attm``, ``alpha=0.3``, ``gamma=0.2,beta=0.4``.
    windows : int
        Training windows: what moves among the simulated ones; 0 where that is not known.
    members : list of Member
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    windows: int = 0
    members: list[Member] = Field(min_length=1)


class BankFile(BaseModel):
    """The contents of ``bank.json``.

    Attributes
    ----------
    name : str
        What it tells apart, then the length: ``models-20``.
    description : str
        One sentence for people.
    axis : {"model", "exponent", "mixture"}
        What differs from label to label.
    kind : {"mse", "probability"}
        What an error is: a squared length in units of the root mean square displacement, or the
        negative log-likelihood of a step, in nats.
    network : {"short", "long", "density"}
        The architecture, see `new_network`.
    length : int
        Points of a window; where whole tracks are scored, of the shortest.
    normalisation : {"batch", "track", "none", "shared"}
        See `networks.Autoencoder`.
    average : {"arithmetic", "geometric"}
        How a track's error is made from the errors of its windows.
    exact_ties : bool
        Whether neighbours under a max-pool tie only where they are equal, as in networks that were
        trained elsewhere.
    precision : {"full", "half"}
        How exactly the weights are stored, see `storage`.
    common : list of StoredFile
        What the networks of each member have in common, member by member; none, where every file
        holds all of its network.
    labels : list of Label
    others : list of Label
        Networks for motion that is none of the labels, of one member each.
    calibration : StoredFile, optional
        What the bank's own tracks look like under it, see `scores.calibration`.
    versions : dict
        What it was trained with.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    format: Literal[1] = 1
    name: str
    description: str
    axis: Literal["model", "exponent", "mixture"]
    kind: Literal["mse", "probability"]
    network: Literal["short", "long", "density"] = "short"
    length: int = Field(ge=3)
    normalisation: Literal["batch", "track", "none", "shared"]
    average: Literal["arithmetic", "geometric"]
    exact_ties: bool = False
    precision: Precision = "full"
    common: list[StoredFile] = []
    labels: list[Label] = Field(min_length=1)
    others: list[Label] = []
    calibration: StoredFile | None = None
    versions: dict[str, str] = {}

    @property
    def protocol(self) -> Literal["track", "population"]:
        """Whether the bank scores track by track, or asks what a whole population is.

        The published networks share their batch-norms and so need the statistics of a batch of one
        kind: they can answer the second question only (see `scores.populations`).
        """
        return "population" if self.normalisation == "shared" else "track"

    def write(self, folder: Path) -> None:
        """Write ``bank.json`` into the bank's folder."""
        with whole_file(folder / "bank.json") as partial:
            partial.write_text(self.model_dump_json(indent=1) + "\n", encoding="utf-8")


class Bank:
    """A set of comparable autoencoders.

    Parameters
    ----------
    folder : Path
        Where ``bank.json`` and the weights are.
    contents : BankFile
        What ``bank.json`` says.
    """

    def __init__(self, folder: Path, contents: BankFile) -> None:
        self.folder = folder
        self.contents = contents
        self.name = contents.name
        self.axis = contents.axis
        self.kind = contents.kind
        self.length = contents.length
        self.protocol = contents.protocol
        self.labels = tuple(label.name for label in contents.labels)

    def __repr__(self) -> str:
        """Say what the bank tells apart."""
        return f"Bank({self.name!r}, labels={list(self.labels)}, length={self.length})"

    @property
    def error_columns(self) -> list[str]:
        """Names of the error columns in every table, in the order of the labels."""
        error = "nll" if self.kind == "probability" else "mse"
        return [f"{error}_{label}" for label in self.labels]

    @cached_property
    def networks(self) -> list[list[nn.Module]]:
        """The networks, label by label and member by member, ready to score (evaluation mode)."""
        return [
            [self._network(label, number) for number in range(len(label.members))]
            for label in self.contents.labels
        ]

    @cached_property
    def other_networks(self) -> list[nn.Module]:
        """The networks for motion that is none of the labels, ready to score."""
        return [self._network(other, 0) for other in self.contents.others]

    def by_label(self, errors: NDArray[np.float64]) -> NDArray[np.float64]:
        """Arrange a column a network by label and member.

        Parameters
        ----------
        errors : ndarray of float64, shape (..., n_networks)
            Label by label and within a label member by member.

        Returns
        -------
        ndarray of float64, shape (..., n_labels, n_members)
            NaN where a label has fewer members than another.
        """
        import numpy as np

        counts = np.array([len(label.members) for label in self.contents.labels])
        arranged = np.full((*errors.shape[:-1], len(counts), counts.max()), np.nan)
        arranged[..., np.arange(counts.max()) < counts[:, None]] = errors
        return arranged

    def verify(self) -> None:
        """Check that every file of weights is the one that ``bank.json`` speaks of.

        Raises
        ------
        InputError
            If a file is missing or not as it was made.
        """
        labels = (*self.contents.labels, *self.contents.others)
        members = [member for label in labels for member in label.members]
        calibration = self.contents.calibration
        calibrations = () if calibration is None else (calibration,)
        for stored in (*self.contents.common, *members, *calibrations):
            self._read(stored)

    def weights(self, label: Label, number: int) -> dict[str, Tensor]:
        """Read the weights of a label's member, counted from 0, with what it has in common."""
        common = self.contents.common
        return read_weights(
            self._read(label.members[number]), self._read(common[number]) if common else None
        )

    @cached_property
    def calibration_data(self) -> bytes | None:
        """What `scores.calibration` knows of the bank's own tracks, if anything is known."""
        stored = self.contents.calibration
        return None if stored is None else self._read(stored)

    def _read(self, stored: StoredFile) -> bytes:
        path = self.folder / stored.file
        try:
            data = path.read_bytes()
        except OSError as error:
            raise InputError(
                f"The bank in {self.folder} lacks its file {stored.file}: install it again."
            ) from error
        if checksum(data) != stored.sha256:
            raise InputError(
                f"{path} is damaged or not the file this bank was made with: install it again."
            )
        return data

    def _network(self, label: Label, number: int) -> nn.Module:
        from napari_anomalous_diffusion.autoencoders.networks import Autoencoder

        network = new_network(self.contents.network, self.length, self.contents.normalisation)
        if self.contents.exact_ties and isinstance(network, Autoencoder):
            network.tie_tolerance = 0.0
        try:
            network.load_state_dict(self.weights(label, number))
        except (RuntimeError, ValueError, KeyError) as error:
            raise InputError(
                f"{self.folder / label.members[number].file} holds no weights of a network for "
                f"windows of {self.length} points: install the bank again."
            ) from error
        return network.eval().requires_grad_(False)


def new_network(architecture: str, length: int, normalisation: Normalisation) -> nn.Module:
    """Make an untrained network.

    Parameters
    ----------
    architecture : {"short", "long", "density"}
        `ShortAutoencoder`, `LongAutoencoder`, or `Density`, which knows neither of what follows.
    length : int
        Points of a window.
    normalisation : {"batch", "track", "none", "shared"}
    """
    from napari_anomalous_diffusion.autoencoders.densities import Density
    from napari_anomalous_diffusion.autoencoders.networks import LongAutoencoder, ShortAutoencoder

    if architecture == "density":
        return Density()
    return (LongAutoencoder if architecture == "long" else ShortAutoencoder)(length, normalisation)


def load_bank(bank: Bank | str | Path | None = None) -> Bank:
    """Open a bank by its name, or from its folder.

    Parameters
    ----------
    bank : str or Path, optional
        The name of an installed bank, or the path of a bank's folder; the default bank where none
        is given. A bank is returned as it is.

    Returns
    -------
    Bank
        Its weights have been checked against the checksums in ``bank.json``.

    Raises
    ------
    InputError
        If there is no such bank, or it is damaged or of a foreign format.
    """
    if isinstance(bank, Bank):
        return bank
    folder = _find(bank or DEFAULT_BANK)
    opened = Bank(folder, _read_description(folder))
    opened.verify()
    return opened


def installed_banks(protocol: Literal["track", "population"] | None = "track") -> list[str]:
    """List the names of the installed banks, the default first; the user's own are among them.

    Parameters
    ----------
    protocol : {"track", "population"}, optional
        Only the banks that score track by track, or only those that ask what a population is; None
        for all.
    """
    found = {
        path.parent.name
        for folder in bank_folders()
        for path in folder.glob("*/bank.json")
        if protocol is None or _protocol(path) == protocol
    }
    return sorted(found, key=lambda name: (name != DEFAULT_BANK, name))


def _find(bank: str | Path) -> Path:
    for folder in (Path(bank), *(folder / Path(bank).name for folder in bank_folders())):
        if (folder / "bank.json").is_file():
            return folder
    names = _listed(installed_banks(None))
    raise InputError(
        f"There is no bank {str(bank)!r}: choose one of {names}, or name the folder of a bank."
    )


def _protocol(path: Path) -> str:
    """Tell a bank's protocol; what cannot be read is listed, and says why when it is opened."""
    try:
        return _read_description(path.parent).protocol
    except InputError:
        return "track"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none (nothing is installed)"


def _read_description(folder: Path) -> BankFile:
    path = folder / "bank.json"
    try:
        return BankFile.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise InputError(
            f"{path} does not describe a bank that this version can read ({where}: {first['msg']}):"
            " install the bank again, or update napari-anomalous-diffusion."
        ) from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as JSON: install the bank again.") from error
