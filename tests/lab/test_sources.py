import pytest
from pydantic import ValidationError

from napari_anomalous_diffusion.errors import InputError
from napari_anomalous_diffusion.lab.sources import Grid, Mixture, Source, exponent_range


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("0.1:1.0:0.1", [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]),
        ("0.2:1.0:0.3", [0.2, 0.5, 0.8]),
        ("0.7:0.7:0.1", [0.7]),
        ("0.3,0.6", [0.3, 0.6]),
    ],
)
def test_a_range_holds_both_ends(text: str, numbers: list[float]) -> None:
    assert exponent_range(text) == numbers


@pytest.mark.parametrize("text", ["", "a:b:c", "1:2", "0.1:1:0"])
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is no range of exponents: write start:stop:step"):
        exponent_range(text)


def test_a_model_is_refused_an_exponent_that_it_cannot_have() -> None:
    assert Source(model="lw", exponents="1.2:1.6:0.2").exponents == [1.2, 1.4, 1.6]
    with pytest.raises(ValidationError, match=r"lw cannot have the exponent 0\.5"):
        Source(model="lw", exponents=[0.5])


def test_weights_of_a_mixture_follow_equation_3() -> None:
    grid = Grid(models=["ctrw", "attm", "fbm"], exponents="0.8", gamma="0.25", beta="0,0.5")
    labels = grid.labels()
    assert list(labels) == ["gamma=0.25,beta=0", "gamma=0.25,beta=0.5"]
    mixture = labels["gamma=0.25,beta=0.5"]
    assert isinstance(mixture, Mixture)
    assert mixture.weights == (0.125, 0.75, 0.5)
