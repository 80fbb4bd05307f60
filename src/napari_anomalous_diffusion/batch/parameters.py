"""What a batch does with each of its inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from napari_anomalous_diffusion.autoencoders.bank import DEFAULT_BANK
from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.scores.words import DEFAULT_LEVEL, FromTracks
from napari_anomalous_diffusion.tracks.calibration import Positive, Unit
from napari_anomalous_diffusion.tracks.parameters import LinkingParameters

if TYPE_CHECKING:
    from napari_anomalous_diffusion.tracks.calibration import Calibration


class CalibrationOptions(BaseModel):
    """What the user knows of the calibration, before what a file says of itself.

    Attributes
    ----------
    pixel_size, frame_interval : float or None
        None leaves what the file says, which is 1 where it says nothing.
    length_unit, time_unit : str or None
        Where None, micrometres and seconds for a size and an interval that are given here.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    pixel_size: Positive | None = Field(
        default=None, description="Length of one pixel, or of one unit of the positions."
    )
    length_unit: Unit | None = Field(
        default=None, description="Unit of the pixel size: µm where that is given."
    )
    frame_interval: Positive | None = Field(
        default=None, description="Time from one frame to the next."
    )
    time_unit: Unit | None = Field(
        default=None, description="Unit of the frame interval: s where that is given."
    )

    @classmethod
    def from_entries(cls, entries: Mapping[str, Any], source: str) -> Self:
        """Check what a user has written.

        Raises
        ------
        InputError
            If a size or an interval is not positive, or a unit is empty.
        """
        try:
            return cls(**entries)
        except ValidationError as error:
            fault = error.errors()[0]
            raise InputError(
                f"{source}: {fault['loc'][0]} = {fault['input']!r} is not possible; give a "
                "positive number, or the name of a unit."
            ) from error

    def over(self, calibration: Calibration) -> Calibration:
        """Return a calibration with what is given here in place of what it has."""
        given = {
            "pixel_size": self.pixel_size,
            "length_unit": self.length_unit or ("µm" if self.pixel_size else None),
            "frame_interval": self.frame_interval,
            "time_unit": self.time_unit or ("s" if self.frame_interval else None),
        }
        return calibration.model_copy(
            update={name: value for name, value in given.items() if value is not None}
        )


class BatchParameters(BaseModel):
    """Everything that decides what a batch makes of an input, but for the device.

    Attributes
    ----------
    bank : str
        Name of an installed bank, or the folder of another.
    device : {"auto", "cpu", "cuda", "mps"}
        Where the networks run. Scores agree to 1e-5 from device to device, so that finished inputs
        stay as they are when this changes.
    linking : LinkingParameters
        How movies become tracks; its exposure is that of files of tracks, too.
    calibration : CalibrationOptions
        What a pixel and a frame are worth.
    track, frame : str or None
        Columns of the ids and of the frames in track files that name them unusually.
    axes : tuple of str or None
        Columns of the coordinates in such files, in the order (z), (y), x.
    level : float
    false_discoveries : bool
        As in `score`, for each input by itself.
    localisation_error : float, "estimate" or "measured"
        As in `score`; estimated for each input by itself.
    format : {"csv", "parquet"}
        Of the tables of each input.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    bank: str = DEFAULT_BANK
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    linking: LinkingParameters = Field(default_factory=LinkingParameters)
    calibration: CalibrationOptions = CalibrationOptions()
    track: Annotated[str, Field(min_length=1)] | None = None
    frame: Annotated[str, Field(min_length=1)] | None = None
    axes: tuple[str, ...] | None = None
    level: Annotated[float, Field(ge=0, le=1)] = DEFAULT_LEVEL
    false_discoveries: bool = False
    localisation_error: Annotated[float, Field(ge=0, allow_inf_nan=False)] | FromTracks = 0.0
    format: Literal["csv", "parquet"] = "csv"

    def deciding(self, movie: bool) -> dict[str, object]:
        """List, under flat names, what decides the results of a movie or of a track file."""
        only_for = {"track", "frame", "axes"} if movie else {"linking"}
        # The bank goes by its checksum, wherever it lies.
        values = self.model_dump(mode="json", exclude={"bank", "device", *only_for})
        flat: dict[str, object] = {}
        for name, value in values.items():
            flat |= value if isinstance(value, dict) else {name: value}
        return flat if movie else flat | {"exposure": self.linking.exposure}
