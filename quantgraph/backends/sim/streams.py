"""Random numbers that depend on their key and counter alone, the same on every machine."""

import hashlib

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

_GAMMA_INT, _ALL = 0x9E3779B97F4A7C15, (1 << 64) - 1
_MIX_1_INT, _MIX_2_INT = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_GAMMA, _MIX_1, _MIX_2 = np.uint64(_GAMMA_INT), np.uint64(_MIX_1_INT), np.uint64(_MIX_2_INT)


def stream_key(seed: int, *words: str) -> int:
    """Return the 64-bit key of one stream, named by its words (symbol, purpose, day …)."""
    text = "/".join((str(seed), *words)).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")


def draw(keys: Words | int, counters: Ints | int) -> Words:
    """Return one 64-bit word per (key, counter), broadcast: SplitMix64 read at a position.

    Reading by position instead of in sequence is what makes a day independent of whether
    other days and symbols were asked before.
    """
    with np.errstate(over="ignore"):  # wrapping is the algorithm
        key = np.asarray(keys, dtype=np.uint64)
        word = (
            key + (np.asarray(counters, dtype=np.int64).astype(np.uint64) + np.uint64(1)) * _GAMMA
        )
        word = (word ^ (word >> np.uint64(30))) * _MIX_1
        word = (word ^ (word >> np.uint64(27))) * _MIX_2
        return word ^ (word >> np.uint64(31))


def word(key: int, counter: int) -> int:
    """Return what `draw` would: for a few numbers the quicker way."""
    mixed = (key + (counter + 1) * _GAMMA_INT) & _ALL
    mixed = ((mixed ^ (mixed >> 30)) * _MIX_1_INT) & _ALL
    mixed = ((mixed ^ (mixed >> 27)) * _MIX_2_INT) & _ALL
    return mixed ^ (mixed >> 31)


def below(words: Words, bound: Ints | int) -> Ints:
    """Map words to integers in [0, bound), bound up to 2^31; no float takes part."""
    return ((words >> np.uint64(33)) * np.asarray(bound, dtype=np.uint64) >> np.uint64(31)).astype(
        np.int64
    )


def bell(words: Words) -> Ints:
    """Map words to integers near a normal law with mean 0 and deviation about 1000.

    The sum of four 16-bit parts, bounded by ±3464.
    """
    mask = np.uint64(0xFFFF)
    total = (words & mask) + (words >> np.uint64(48))
    total = total + ((words >> np.uint64(16)) & mask) + ((words >> np.uint64(32)) & mask)
    # Four uniforms of width 65536 have deviation 37837; twice their centre is 4 * 65535.
    return (2 * total.astype(np.int64) - 4 * 65535) * 1000 // (2 * 37837)
