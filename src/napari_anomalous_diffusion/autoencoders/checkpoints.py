"""Checkpoints of the published autoencoders (Ref. 27 of the paper), made into a bank.

A checkpoint is a torch file that holds a dictionary: ``model``, the state of a network;
``autoencoder class``, ``Small`` or ``Final_Skip_Connections``; ``length trajectories``, ``latent
space`` and ``average pooling size``. What its authors kept beside these, such as the losses of the
training, is passed over. It is read as plain numbers and never executed.
"""

from __future__ import annotations

import contextlib
import pickle
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from napari_anomalous_diffusion.autoencoders.bank import (
    Bank,
    BankFile,
    Label,
    Member,
    load_bank,
    new_network,
)
from napari_anomalous_diffusion.autoencoders.storage import write_weights
from napari_anomalous_diffusion.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

SETTINGS = ("length trajectories", "latent space", "average pooling size")


@dataclass(frozen=True)
class Published:
    """How a published class names its layers, and what it has to be made with.

    Attributes
    ----------
    network : {"short", "long"}
        Our architecture.
    latent, pooling : int
        Sizes of its latent space and of what its encoder is averaged to.
    convolution, deconvolution : str
        What the names of layers begin with.
    first : int
        The number of the first of them.
    a_block : int
        Layers of a block.
    """

    network: Literal["short", "long"]
    latent: int
    pooling: int
    convolution: str
    deconvolution: str
    first: int
    a_block: int

    def names(self) -> dict[str, str]:
        """Name our layers after theirs."""
        layers = {"fc1": "to_latent.0", "fc2": "to_latent.1"}
        layers |= {"fc3": "from_latent.0", "fc4": "from_latent.1"}
        layers |= {f"bn{number + 1}": f"encoder_norms.{number}" for number in range(3)}
        for place in range(3 * self.a_block):
            block, layer = divmod(place, self.a_block)
            number = place + self.first
            layers[f"{self.convolution}{number}"] = f"encoder_{block + 1}.{layer}"
            layers[f"{self.deconvolution}{number}"] = f"decoder_{block + 1}.{layer}"
        return layers


CLASSES = {
    "Small": Published("short", 4, 1, "conv", "deconv", 1, 2),
    "Final_Skip_Connections": Published("long", 20, 4, "conv", "convtranspose", 0, 3),
}


def import_checkpoints(
    checkpoints: Sequence[str | Path],
    labels: Sequence[str],
    folder: str | Path,
) -> Bank:
    """Make a bank that asks what populations are of published checkpoints.

    Parameters
    ----------
    checkpoints : sequence of path
        All of one class and length.
    labels : sequence of str
        What each was trained on: ``attm``, ``alpha=0.3``, ``gamma=0.2,beta=0.4``. Those of the same
        label become its members.
    folder : path
        The bank's folder, which gives it its name.

    Returns
    -------
    Bank

    Raises
    ------
    InputError
        If a file is no such checkpoint, if checkpoints differ in class or length, if labels are
        too few, too many or of different kinds, or if there is a bank in the folder.
    """
    folder = Path(folder)
    if (folder / "bank.json").exists():
        raise InputError(f"There is a bank in {folder} already: name another folder.")
    if len(checkpoints) != len(labels) or not labels:
        raise InputError(
            f"There are {len(checkpoints)} checkpoints and {len(labels)} labels: name one label "
            "for each, in the same order."
        )
    axis = _axis_of(labels)
    opened = [_read(Path(path)) for path in checkpoints]
    _check_alike([Path(path) for path in checkpoints], opened)
    folder.mkdir(parents=True, exist_ok=True)
    members: dict[str, list[Member]] = {label: [] for label in labels}
    for label, (_, _, weights) in zip(labels, opened, strict=True):
        name = f"{label}-{len(members[label]) + 1}.safetensors"
        sha256 = write_weights(folder / name, weights)
        members[label].append(Member(file=name, sha256=sha256))
    published, length, _ = opened[0]
    BankFile(
        name=folder.name,
        description=f"Imported from published checkpoints, windows of {length} points.",
        axis=axis,
        kind="mse",
        network=published.network,
        length=length,
        normalisation="shared",
        average="arithmetic",
        exact_ties=True,
        labels=[Label(name=label, members=made) for label, made in members.items()],
    ).write(folder)
    return load_bank(folder)


def _axis_of(labels: Sequence[str]) -> Literal["model", "exponent", "mixture"]:
    prefixes: dict[str, Literal["model", "exponent", "mixture"]] = {
        "alpha=": "exponent",
        "gamma=": "mixture",
    }
    for label in labels:
        if not re.fullmatch(r"[\w=.,-]+", label):
            raise InputError(f"{label!r} is no label: use letters, digits and the signs = . , -")
    axes = {prefixes.get(label[:6], "model") for label in labels}
    if len(axes) > 1:
        raise InputError(
            f"The labels {', '.join(dict.fromkeys(labels))} are of different kinds: name models, "
            "or exponents such as alpha=0.3, or mixtures such as gamma=0.2,beta=0.4."
        )
    (axis,) = axes
    return axis


def _check_alike(paths: Sequence[Path], opened: Sequence[tuple[Published, int, Any]]) -> None:
    for path, (published, length, _) in zip(paths, opened, strict=True):
        if (published, length) != opened[0][:2]:
            raise InputError(
                f"{path} is a {published.network} network for {length} points, {paths[0]} a "
                f"{opened[0][0].network} one for {opened[0][1]}: make a bank of each."
            )


def _read(path: Path) -> tuple[Published, int, dict[str, Tensor]]:
    """Read one checkpoint: its class, its length and its weights under our names."""
    contents = _load(path)
    missing = {"model", "autoencoder class", *SETTINGS} - set(contents)
    if missing:
        raise InputError(f"{path} is no published checkpoint: it lacks {sorted(missing)[0]!r}.")
    published = CLASSES.get(str(contents["autoencoder class"]))
    if published is None:
        raise InputError(
            f"{path} holds an autoencoder of the class {contents['autoencoder class']!r}: only "
            f"{' and '.join(CLASSES)} can be imported."
        )
    length, latent, pooling = (_whole_number(path, name, contents[name]) for name in SETTINGS)
    if (latent, pooling) != (published.latent, published.pooling):
        raise InputError(
            f"{path} has a latent space of {latent} and an average pooling size of {pooling}: only "
            f"{published.latent} and {published.pooling} can be imported for its class."
        )
    return published, length, _weights(path, contents["model"], published, length)


class _PassedOver:
    """What a checkpoint holds of numpy: it is neither needed nor built."""

    def __init__(self, *arguments: object) -> None:
        pass

    def __setstate__(self, state: object) -> None:
        pass


@contextlib.contextmanager
def _numpy_passed_over() -> Iterator[None]:
    """Let the losses of a training, which are arrays, stand in a file of plain numbers.

    Torch refuses whatever it does not know. Instead of numpy's own functions it is given classes
    that do nothing, under the names by which numpy 1 and 2 are called in a file.
    """
    from torch import serialization

    # An empty array holds empty bytes, which Python writes as a call of ``bytes``.
    names = [("numpy", "ndarray"), ("numpy", "dtype"), ("builtins", "bytes")]
    names += [
        (f"numpy.{core}.multiarray", name)
        for core in ("core", "_core")
        for name in ("_reconstruct", "scalar")
    ]
    known = serialization.get_safe_globals()
    stand_ins: list[Any] = [
        type(name, (_PassedOver,), {"__module__": module}) for module, name in names
    ]
    serialization.add_safe_globals(stand_ins)
    try:
        yield
    finally:
        serialization.clear_safe_globals()
        serialization.add_safe_globals(known)


def _load(path: Path) -> Mapping[str, Any]:
    import torch

    try:
        with _numpy_passed_over():
            contents = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise InputError(f"{path} is not there: check its name.") from error
    except pickle.UnpicklingError as error:
        raise InputError(
            f"{path} is no torch file of plain numbers, and may run code when it is opened: it was "
            "not; ask its authors for a checkpoint of the state alone."
        ) from error
    except (OSError, EOFError, RuntimeError, ValueError, KeyError, AttributeError) as error:
        raise InputError(f"{path} cannot be read as a torch file: check it.") from error
    if not isinstance(contents, Mapping):
        raise InputError(f"{path} is no published checkpoint: it holds no dictionary.")
    return contents


def _whole_number(path: Path, name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InputError(f"{path}: its {name!r} is {value!r}, and no whole number.")
    return value


def _weights(path: Path, state: Any, published: Published, length: int) -> dict[str, Tensor]:
    """Bring the state of a published network to our names and shapes."""
    import torch

    if not isinstance(state, Mapping) or not all(map(torch.is_tensor, state.values())):
        raise InputError(
            f"{path} is no published checkpoint: its 'model' is no state of a network."
        )
    names = published.names()
    weights: dict[str, Tensor] = {}
    for name, value in state.items():
        layer, _, what = str(name).rpartition(".")
        if layer not in names:
            raise InputError(f"{path}: its layer {name!r} is none of a published network.")
        transposed = layer.startswith(published.deconvolution) and what == "weight"
        taken = value.transpose(0, 1).flip(-1) if transposed and value.ndim == 3 else value
        weights[f"{names[layer]}.{what}"] = taken.float() if taken.is_floating_point() else taken
    try:
        new_network(published.network, length, "shared").load_state_dict(weights)
    except (RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise InputError(
            f"{path} holds no network of its class for {length} points ({reason[:200]})."
        ) from error
    if not all(torch.isfinite(value).all() for value in weights.values()):
        raise InputError(f"{path} holds numbers that are not finite: take another checkpoint.")
    return weights
