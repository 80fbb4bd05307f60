"""Memory that is used again and again."""

from __future__ import annotations

from math import prod

import torch
from torch import Tensor


class Workspace:
    """Memory for what networks make of windows, one window after another.

    To get memory from the system and give it back takes longer than to fill it. A workspace serves
    one thread.

    Parameters
    ----------
    device : torch.device
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._blocks: dict[str, Tensor] = {}

    def empty(self, name: str, *shape: int) -> Tensor:
        """Return memory for numbers of float32, of any contents.

        Parameters
        ----------
        name : str
            What it is for. What was under that name before is lost.
        *shape : int
        """
        size, block = prod(shape), self._blocks.get(name)
        if block is None or len(block) < size:
            self._blocks.pop(name, None)
            block = self._blocks[name] = torch.empty(size, device=self._device)
        return block[:size].view(shape)

    def clear(self) -> None:
        """Give all memory back."""
        self._blocks.clear()
