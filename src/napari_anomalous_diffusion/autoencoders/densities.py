"""The probability of a whole track: the "reconstruction probability" the paper leaves to others.

Section I B of the paper names it as the better score (its Ref. [31]). A network reads a track step
by step and says, before each displacement, how probable every displacement is; it is trained on the
tracks of one kind alone, without labels. The idea is that of SPIVAE (Fernandez-Fernandez et al.,
Phys. Rev. E 110, L012102, 2024) without its latent space.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

LAGS = 3
"""So many of the last displacements the network sees as they were."""

MEMORIES = (2, 4, 8, 16, 32)
"""Time constants, in steps, of the running means of displacements that it sees beside them."""

N_VECTORS = LAGS + len(MEMORIES) + 1
"""With the mean velocity, so many vectors are what it knows of the past."""

STEPS_IN_ONE = 256
"""Steps that are summed up in one product: its memory grows with their square."""

NARROWEST = 1e-3
"""Lower limit of a component's width, in units of the root mean square displacement."""


@dataclass(frozen=True, eq=False)
class Steps:
    """The displacements of tracks, padded to one length.

    Attributes
    ----------
    values : Tensor of float32, shape (n_tracks, n_steps, D)
        Displacements in units of the track's root mean square displacement (over all its steps and
        coordinates); 0 where there are no more.
    frames : Tensor of float32, shape (n_tracks, n_steps)
        Frames each displacement took: more than 1 where frames are missing; 1 beyond the end.
    counts : Tensor of int64, shape (n_tracks,)
        Steps of each track.
    level : Tensor of float32, shape (n_tracks,)
        Localisation error of a coordinate, in the unit of `values`.
    """

    values: Tensor
    frames: Tensor
    counts: Tensor
    level: Tensor

    @property
    def exist(self) -> Tensor:
        """Which steps are no padding, shape (n_tracks, n_steps)."""
        places = torch.arange(self.values.shape[1], device=self.values.device)
        return places < self.counts[:, None]


@dataclass(frozen=True, eq=False)
class Past:
    """What networks may know before each step of tracks.

    Attributes
    ----------
    vectors : Tensor of float32, shape (n_tracks, n_steps, n_vectors, D)
        See `past_vectors`.
    features : Tensor of float32, shape (n_tracks, n_steps, n_features)
        What does not change when a track is turned or mirrored.
    """

    vectors: Tensor
    features: Tensor


class Density(nn.Module):
    """Autoregressive density of the displacements of a track, in one, two or three dimensions.

    Before each step the network knows the past by vectors (the last displacements, running means,
    the mean velocity) and sees their lengths and mutual angles only. It answers with a mixture of
    isotropic Gaussians whose means are combinations of these vectors, and with the probability of
    an exact rest. So turning or mirroring a track changes nothing, by construction, and one
    network serves every dimension.

    Parameters
    ----------
    hidden : int
        Width of the recurrent layer.
    components : int
        Gaussians of the mixture.
    """

    def __init__(self, hidden: int = 64, components: int = 6) -> None:
        super().__init__()
        self.components = components
        n_products = N_VECTORS * (N_VECTORS + 1) // 2
        self.read = nn.Linear(n_products + 10, hidden)
        self.recall = nn.GRU(hidden, hidden, batch_first=True)
        self.answer = nn.Linear(hidden, 1 + components * (2 + N_VECTORS))
        with torch.no_grad():
            self.answer.weight.mul_(0.1)
            self.answer.bias.zero_()
            # Widths from a twentieth of the typical step to three times as much.
            widths = torch.linspace(math.log(0.05), math.log(3.0), components)
            self.answer.bias[1 + components : 1 + 2 * components] = widths

    def forward(self, steps: Steps, past: Past | None = None) -> Tensor:
        """Logarithm of the probability density of each step, given the steps before it.

        Parameters
        ----------
        steps : Steps
        past : Past, optional
            What `look_back` makes of the steps, where several networks are asked about them.

        Returns
        -------
        Tensor of float32, shape (n_tracks, n_steps)
            In nats; 0 for padding. Of a rest: the logarithm of its probability.
        """
        past = past or look_back(steps)
        state, _ = self.recall(F.relu(self.read(past.features)))
        return self._log_density(steps, past.vectors, self.answer(state))

    def _log_density(self, steps: Steps, vectors: Tensor, answer: Tensor) -> Tensor:
        count, dimensions = self.components, steps.values.shape[-1]
        sizes = [1, count, count, count * N_VECTORS]
        rest, weights, widths, mixing = torch.split(answer, sizes, dim=-1)
        means = mixing.reshape(*mixing.shape[:2], count, N_VECTORS) @ vectors
        widths = widths.clamp(math.log(NARROWEST), 3.0)
        distance = (steps.values.unsqueeze(-2) - means).square().sum(-1)
        exponents = -0.5 * distance * (-2 * widths).exp()
        normal = exponents - dimensions * (widths + 0.5 * math.log(2 * math.pi))
        moving = torch.logsumexp(weights.log_softmax(-1) + normal, dim=-1)
        rests = (steps.values == 0).all(-1)
        # Before training a rest is improbable, so that no model wins by an accident of its start.
        logit = rest.squeeze(-1) - 5.0
        density = torch.where(rests, F.logsigmoid(logit), F.logsigmoid(-logit) + moving)
        return torch.where(steps.exist, density, 0)


def look_back(steps: Steps) -> Past:
    """Sum up all that a network may know before each step."""
    vectors = past_vectors(steps.values)
    return Past(vectors, _features(steps, vectors))


def _features(steps: Steps, vectors: Tensor) -> Tensor:
    """Everything the network may know before each step, shape (n_tracks, n_steps, features)."""
    n_tracks, n_steps, dimensions = steps.values.shape
    products = vectors @ vectors.transpose(-1, -2) / dimensions
    row, column = torch.triu_indices(N_VECTORS, N_VECTORS, device=products.device)
    products = products[..., row, column]
    last = products[..., :1]
    time = torch.arange(n_steps, device=products.device, dtype=torch.float32)
    whole = torch.stack([steps.counts.log(), steps.level, (steps.level + 0.01).log()], dim=-1)
    dimension = F.one_hot(torch.tensor(dimensions - 1, device=products.device), 3)
    return torch.cat(
        [
            products.sign() * products.abs().log1p(),
            (last + 1e-4).log() / 4,
            (last == 0).float(),
            torch.log1p(time).expand(n_tracks, -1).unsqueeze(-1) / 3,
            steps.frames.log().unsqueeze(-1),
            whole.unsqueeze(1).expand(-1, n_steps, -1),
            dimension.expand(n_tracks, n_steps, -1),
        ],
        dim=-1,
    )


def past_vectors(values: Tensor) -> Tensor:
    """Sum up the past of each step: last displacements, running means, mean velocity.

    Parameters
    ----------
    values : Tensor of float32, shape (n_tracks, n_steps, D)

    Returns
    -------
    Tensor of float32, shape (n_tracks, n_steps, n_vectors, D)
        Of the steps before each one only, each vector of unit size for Brownian motion.
    """
    n_steps = values.shape[1]
    last = [F.pad(values, (0, 0, lag, 0))[:, :n_steps] for lag in range(1, LAGS + 1)]
    keeps = [1 - 1 / memory for memory in MEMORIES]
    *means, everything = _decaying_sums(values, [*keeps, 1.0]).unbind(2)
    scaled = [
        mean * math.sqrt((2 * memory - 1) / memory**2)
        for mean, memory in zip(means, MEMORIES, strict=True)
    ]
    time = torch.arange(n_steps, device=values.device)
    everything = everything / time.clamp(min=1).sqrt()[:, None]
    return torch.stack([*last, *scaled, everything], dim=2)


def _decaying_sums(values: Tensor, keeps: list[float]) -> Tensor:
    """Sum up the steps before each one, which count less and less the longer ago they are.

    Parameters
    ----------
    values : Tensor of float32, shape (n_tracks, n_steps, D)
    keeps : list of float
        What is kept with every step.

    Returns
    -------
    Tensor of float32, shape (n_tracks, n_steps, n_keeps, D)
    """
    keep = torch.tensor(keeps, device=values.device)
    time = torch.arange(min(STEPS_IN_ONE, values.shape[1]), device=values.device)
    lag = time[:, None] - time[None, :] - 1  # steps between what is predicted and what is seen
    kernels = keep[:, None, None] ** lag.clamp(min=0) * (lag >= 0)
    before, sums = torch.zeros_like(values[:, :1, None]), []
    for part in torch.split(values, STEPS_IN_ONE, dim=1):
        n = part.shape[1]
        made = torch.einsum("kts,nsd->ntkd", kernels[:, :n, :n], part)
        made = made + (keep ** time[:n, None])[..., None] * before
        sums.append(made)
        # The first step of the next part sees the last one of this part, and all that that saw.
        before = made[:, -1:] * keep[:, None] + part[:, -1:, None]
    return torch.cat(sums, dim=1)


def negative_log_likelihoods(network: nn.Module, steps: Steps, past: Past | None = None) -> Tensor:
    """Mean negative log-likelihood of each track's steps under one network.

    Parameters
    ----------
    network : Module
        A `Density`.
    steps : Steps
    past : Past, optional
        See `Density.forward`.

    Returns
    -------
    Tensor of float32, shape (n_tracks,)
        Nats a step, of displacements in units of the root mean square displacement.
    """
    density: Tensor = network(steps, past)
    return -density.sum(1) / steps.counts
