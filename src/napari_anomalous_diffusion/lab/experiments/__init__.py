"""What the networks do, measured on fresh tracks: one function an experiment.

The figures of the paper are drawn from these (`lab.figures` says which from which), and its
statements are checked on them (`statements`). Each works with banks of either protocol and says in
no number more than one.
"""

from napari_anomalous_diffusion.lab.experiments.exponents import reconstructed_exponents
from napari_anomalous_diffusion.lab.experiments.measured import (
    Sample,
    crossing_over,
    errors_of_samples,
    growing_share,
    named_mixtures,
    real_samples,
    receptor_like,
    telomere_like,
)
from napari_anomalous_diffusion.lab.experiments.mixtures import (
    errors_over_plane,
    recover_mixtures,
    write_recovery,
)
from napari_anomalous_diffusion.lab.experiments.models import (
    Reconstruction,
    errors_by_exponent,
    errors_on_models,
    excursions,
    separate_batch_from_excursions,
    typical_reconstructions,
)
from napari_anomalous_diffusion.lab.experiments.protocols import mean_errors
from napari_anomalous_diffusion.lab.experiments.recovery import Recovery, recover

__all__ = [
    "Reconstruction",
    "Recovery",
    "Sample",
    "crossing_over",
    "errors_by_exponent",
    "errors_of_samples",
    "errors_on_models",
    "errors_over_plane",
    "excursions",
    "growing_share",
    "mean_errors",
    "named_mixtures",
    "real_samples",
    "receptor_like",
    "reconstructed_exponents",
    "recover",
    "recover_mixtures",
    "separate_batch_from_excursions",
    "telomere_like",
    "typical_reconstructions",
    "write_recovery",
]
