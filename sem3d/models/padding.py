"""Run a network on fields of any size: pad by replication, never resize."""

from collections.abc import Callable

from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import pad


def margins(size: int, multiple: int, least: int = 0) -> tuple[int, int]:
    """Return the pixels to add before and after a side of `size` pixels.

    The padded side is the smallest multiple of `multiple` that is at least twice `multiple`: the
    coarsest level of the network then has 2x2 pixels or more, and its norms a variance. A network
    that halves odd sides, too, asks for `least` pixels instead.
    """
    padded = max(2 * multiple, least, -(-size // multiple) * multiple)
    extra = padded - size
    return extra // 2, extra - extra // 2


def on_padded(
    net: Callable[[Tensor], Tensor], scan: Float[Tensor, "B E Y X"], multiple: int, least: int = 0
) -> Float[Tensor, "... Y X"]:
    """Return ``net(padded scan)`` cropped back to the field of `scan`.

    Args:
        net: maps (B, E, Y', X') to (..., Y', X').
        scan: (B, E, Y, X), any field of at least one pixel.
        multiple: Y' and X' become multiples of it, see `margins`.
        least: smallest Y' and X', a multiple of `multiple`.
    """
    y, x = scan.shape[-2:]
    (top, bottom), (left, right) = (margins(side, multiple, least) for side in (y, x))
    out = net(pad(scan, (left, right, top, bottom), mode="replicate"))
    return out[..., top : top + y, left : left + x]
