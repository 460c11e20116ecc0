"""Sound to Whisper's input: 80 mel bands, 100 frames a second (Radford and others, 2022)."""

from functools import cache

import numpy as np
import numpy.typing as npt

RATE = 16_000
WINDOW, HOP, BANDS = 400, 160, 80

Spectrum = npt.NDArray[np.float32]
"""(80, frames) float32."""


def mel_spectrum(sound: npt.NDArray[np.float32], seconds: float) -> Spectrum:
    """Of the first `seconds`, filled with silence where the sound is shorter. `sound`: (samples,),
    -1 to 1, 16 kHz."""
    wanted = int(seconds * RATE)
    padded = np.zeros(wanted, np.float32)
    padded[: min(wanted, sound.size)] = sound[:wanted]
    edge = np.pad(padded, WINDOW // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(edge, WINDOW)[::HOP][: wanted // HOP]
    window = np.hanning(WINDOW + 1)[:-1]
    power = np.abs(np.fft.rfft(frames * window, axis=1)) ** 2
    logs = np.log10(np.maximum(power @ _filters().T, 1e-10))
    logs = np.maximum(logs, logs.max() - 8.0)
    return np.ascontiguousarray(((logs + 4.0) / 4.0).T, np.float32)


@cache
def _filters() -> npt.NDArray[np.float64]:
    """(80, 201): triangles on Slaney's mel scale, each of area one."""
    edges = _hertz(np.linspace(0.0, _mel(RATE / 2), BANDS + 2))
    bins = np.linspace(0.0, RATE / 2, WINDOW // 2 + 1)
    rising = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    filters: npt.NDArray[np.float64] = triangles * (2.0 / (edges[2:] - edges[:-2]))[:, None]
    return filters


def _mel(hertz: float) -> float:
    """Linear up to 1 kHz, then logarithmic."""
    if hertz < 1000:
        return hertz * 0.015
    return float(15.0 + np.log(hertz / 1000.0) / (np.log(6.4) / 27.0))


def _hertz(mel: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    high = 1000.0 * np.exp((np.log(6.4) / 27.0) * (mel - 15.0))
    return np.where(mel >= 15.0, high, mel / 0.015)
