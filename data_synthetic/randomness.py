"""Named random streams, and pseudonyms that carry no information.

Every draw comes from a stream named by (seed, name, block), so adding a column leaves all others
bit-identical and any block can be made alone. Draws that must be found again without state (whom an identity
wrote to five items ago) are hashes of their own address.

>>> bool((stream(7, "hs_code", 3).random(2) == stream(7, "hs_code", 3).random(2)).all())
True
"""

from __future__ import annotations

from zlib import crc32

import numpy as np
import pyarrow as pa

__all__ = ["stream", "mix", "uniform_at", "pseudonyms", "s10_ids", "text_array"]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_M1, _M2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_BASE32 = np.frombuffer(b"0123456789ABCDEFGHJKMNPQRSTVWXYZ", dtype=np.uint8)
_S10_WEIGHTS = np.array([8, 6, 4, 2, 3, 5, 9, 7])


def stream(seed: int, name: str, block: int = 0) -> np.random.Generator:
    """The random stream of that name for one block."""
    return np.random.default_rng([seed, crc32(name.encode()), block + 10_000])


def mix(*parts: np.ndarray | int) -> np.ndarray:
    """Hash whole numbers to 64 bits (the finaliser of splitmix64, Steele et al. 2014), element by element.

    >>> two = np.array([2])
    >>> bool(mix(1, two) == mix(1, two)), bool(mix(1, two) == mix(2, two - 1))
    (True, False)
    """
    state = np.zeros(np.broadcast_shapes(*(np.shape(p) for p in parts)) or (1,), dtype=np.uint64)
    for part in parts:
        state = state ^ np.asarray(part).astype(np.int64).astype(np.uint64)
        state = state + _GOLDEN
        state = (state ^ (state >> np.uint64(30))) * _M1
        state = (state ^ (state >> np.uint64(27))) * _M2
        state = state ^ (state >> np.uint64(31))
    return state


def uniform_at(*address: np.ndarray | int) -> np.ndarray:
    """A uniform in [0, 1) that belongs to an address; the same whenever it is asked for."""
    return (mix(*address) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def pseudonyms(hashes: np.ndarray) -> pa.Array:
    """Pseudonyms such as ``P7K3M9Q2XD4TA`` from 64-bit hashes: the letter P and 60 bits in base 32.

    >>> pseudonyms(mix(np.array([1, 1]))).to_pylist()[0][0]
    'P'
    """
    shifts = np.arange(0, 60, 5, dtype=np.uint64)
    digits = (hashes[:, None] >> shifts[None, :]) & np.uint64(31)
    letters = np.empty((len(hashes), 13), dtype=np.uint8)
    letters[:, 0], letters[:, 1:] = ord("P"), _BASE32[digits.astype(np.intp)]
    return text_array(letters)


def s10_ids(number: np.ndarray, service: np.ndarray, country: np.ndarray) -> pa.Array:
    """UPU S10 item identifiers: two letters, eight digits, check digit, country suffix.

    Parameters
    ----------
    number
        Shape (n,), 0 ≤ number < 26·10⁸: the item's place in the stream; it is scattered over the serial
        numbers by a permutation, so that neighbours do not look alike. Unique numbers give unique ids.
    service, country
        Shape (n,) and (n, 2) of ASCII codes: first letter, and the suffix.

    >>> s10_ids(np.array([0]), np.array([ord("C")]), np.frombuffer(b"QM", dtype=np.uint8)[None]).to_pylist()
    ['CA473124829QM']
    """
    serial = (number % 10**8 * 61_803_399 + 47_312_482) % 10**8  # 61,803,399 is prime to 10: a permutation
    digits = serial[:, None] // 10 ** np.arange(7, -1, -1) % 10
    check = 11 - digits @ _S10_WEIGHTS % 11
    check = np.where(check == 10, 0, np.where(check == 11, 5, check))
    letters = np.empty((len(number), 13), dtype=np.uint8)
    letters[:, 0], letters[:, 1] = service, ord("A") + number // 10**8
    letters[:, 2:10], letters[:, 10], letters[:, 11:] = digits + ord("0"), check + ord("0"), country
    return text_array(letters)


def text_array(letters: np.ndarray) -> pa.Array:
    """An Arrow string array from an (n, width) matrix of ASCII codes, without a Python string per row."""
    n, width = letters.shape
    offsets = np.arange(0, (n + 1) * width, width, dtype=np.int32)
    data = np.ascontiguousarray(letters, dtype=np.uint8)
    return pa.Array.from_buffers(pa.string(), n, [None, pa.py_buffer(offsets), pa.py_buffer(data)])
