"""Redistribution matrices: compressed rows for what is stored, dense blocks of channels for what is multiplied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

__all__ = ["ChannelBlock", "channel_blocks", "folded", "redistribution"]

Array = NDArray[np.float64]

#: Channels of a block: wide enough for BLAS, narrow enough that the empty corner above the diagonal is left out.
_WIDTH = 64
#: A block that is emptier than this stays sparse, as those of a calorimeter with escape peaks far from the line.
_FILLED = 0.2


@frozen(eq=False)
class ChannelBlock:
    """Neighbouring channels with the bins of photon energy that reach them.

    Attributes
    ----------
    bins : slice
    channels : slice
        Places among the chosen channels.
    matrix : ndarray or csr_matrix, shape (bins, channels)
    """

    bins: slice
    channels: slice
    matrix: Array | csr_matrix


def channel_blocks(
    bins: NDArray[np.int32], channels: NDArray[np.int32], data: Array, chosen: NDArray[np.bool_]
) -> tuple[ChannelBlock, ...]:
    """The matrix in blocks of channels: photons of lower energy than a channel rarely reach it, which halves the work.

    Parameters
    ----------
    bins, channels, data : ndarray, shape (nelement,)
        Photon bin, channel and probability of each element; elements of one place add up.
    chosen : ndarray of bool, shape (nchan,)
        The channels that are wanted.
    """
    place = np.cumsum(chosen) - 1
    kept = chosen[channels]
    rows, columns, data = bins[kept].astype(np.intp), place[channels[kept]].astype(np.intp), data[kept]
    order = np.argsort(columns // _WIDTH, kind="stable")
    rows, columns, data = rows[order], columns[order], data[order]
    first = np.arange(0, int(chosen.sum()), _WIDTH)
    ends = np.searchsorted(columns // _WIDTH, np.arange(len(first) + 1))
    return tuple(
        _block(rows[begin:end], columns[begin:end] - channel, data[begin:end], int(channel), int(chosen.sum()))
        for channel, begin, end in zip(first, ends[:-1], ends[1:], strict=True)
    )


def _block(bins: NDArray[np.intp], columns: NDArray[np.intp], data: Array, channel: int, total: int) -> ChannelBlock:
    width = min(_WIDTH, total - channel)
    low, high = (int(bins.min()), int(bins.max()) + 1) if len(bins) else (0, 0)
    matrix: Array | csr_matrix
    if len(data) < _FILLED * (high - low) * width:
        from scipy.sparse import csr_matrix

        matrix = csr_matrix((data, (bins - low, columns)), shape=(high - low, width))
    else:
        flat = np.bincount((bins - low) * width + columns, weights=data, minlength=(high - low) * width)
        matrix = flat.astype(float, copy=False).reshape(high - low, width)
    return ChannelBlock(bins=slice(low, high), channels=slice(channel, channel + width), matrix=matrix)


def folded(photons: Array, blocks: tuple[ChannelBlock, ...]) -> Array:
    """Photons times the matrix.

    Parameters
    ----------
    photons : ndarray, shape (nbin,) or (n, nbin)
    blocks : tuple of ChannelBlock

    Returns
    -------
    ndarray, shape (nchosen,) or (n, nchosen)
    """
    found = np.empty((*photons.shape[:-1], blocks[-1].channels.stop if blocks else 0))
    for block in blocks:
        found[..., block.channels] = photons[..., block.bins] @ block.matrix
    return found


def redistribution(rows: Any, low: float = 0.0) -> tuple[Array, NDArray[np.int32], NDArray[np.int32]]:
    """Compressed rows (`data`, `channels`, `starts`) of a dense redistribution matrix, shape (nbin, nchan), above `low`."""
    dense = np.asarray(rows, dtype=float)
    kept = dense > low
    starts = np.concatenate([[0], np.cumsum(kept.sum(axis=1))])
    return dense[kept], np.nonzero(kept)[1].astype(np.int32), starts.astype(np.int32)
