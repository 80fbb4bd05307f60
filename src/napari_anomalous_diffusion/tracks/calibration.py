"""What one unit of the positions and one frame are worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from numpy.typing import NDArray

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Unit = Annotated[str, Field(min_length=1)]


class Calibration(BaseModel):
    """What turns positions into lengths and frames into times.

    Positions and frames themselves stay as the user gave them; numbers with units, such as
    diffusion coefficients, are computed through this.

    Attributes
    ----------
    pixel_size : float or tuple of float
        Length of one unit of the positions: one number for all axes, or one for each axis in the
        order of `Trajectories.axes`. Positive.
    length_unit : str
        What that length is counted in.
    frame_interval : float
        Time from one frame to the next. Positive.
    time_unit : str
        What that time is counted in.
    exposure : float
        Share of the frame interval during which the shutter is open, from 0 to 1. A particle's blur
        while it moves makes Brownian motion look persistent; 0 takes no account of it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    pixel_size: Positive | tuple[Positive, ...] = Field(
        default=1.0, title="Pixel size", description="Length of one unit of the positions."
    )
    length_unit: Unit = Field(default="px", title="Unit of length", description="Such as px or µm.")
    frame_interval: Positive = Field(
        default=1.0, title="Frame interval", description="Time from one frame to the next."
    )
    time_unit: Unit = Field(
        default="frame", title="Unit of time", description="Such as frame or s."
    )

    exposure: float = Field(
        default=0.0,
        ge=0,
        le=1,
        title="Exposure",
        description="Share of the frame interval during which the shutter is open.",
    )

    def fits(self, dimensions: int) -> bool:
        """Tell whether there is a pixel size for each of so many axes."""
        return isinstance(self.pixel_size, float) or len(self.pixel_size) == dimensions

    def exposed(self, exposure: float) -> Self:
        """Return the same with another exposure, or itself where that is 0, which says nothing."""
        return self.model_copy(update={"exposure": exposure}) if exposure else self

    def to_length(self, positions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Convert positions into `length_unit`.

        Parameters
        ----------
        positions : ndarray of float64, shape (..., D)

        Returns
        -------
        ndarray of float64, shape (..., D)
        """
        lengths: NDArray[np.float64] = positions * np.asarray(self.pixel_size)
        return lengths

    def to_time(self, frames: NDArray[np.int64]) -> NDArray[np.float64]:
        """Convert numbers of frames into `time_unit`."""
        times: NDArray[np.float64] = frames * np.float64(self.frame_interval)
        return times


UNCALIBRATED = Calibration()
"""Pixels and frames."""
