"""Were the digits said that were shown? Whisper base (OpenAI, MIT) on CTranslate2.

It verifies and does not recognise: only the digits of `ALPHABET` may be decoded. The shown digits
pass when they are among the three likeliest strings of four different ones.
"""

import secrets
from pathlib import Path

import ctranslate2
import ctranslate2.models
import numpy as np

from enrolment.checks.decoding import Sound
from enrolment.checks.mel_spectrum import mel_spectrum
from enrolment.checks.networks import network_path
from enrolment.core.reasons import CandidateReason

ALPHABET = "023456789"
"""Without 1, which has two readings, yi and yao."""

COUNT = 4
CONTEXT_S = 10.0
HYPOTHESES = 20
"""Strings of any length that the search keeps."""

KEPT = 3
"""Of 3,024 possible strings: another one is accepted once in a thousand tries at most."""

LOUD_MIN = 0.004
"""Root mean square of the loudest half second; below it nothing is heard."""

_FIRST_DIGIT = 15
_END = 50257
_PROMPT = [50258, 50260, 50359, 50363]
"""Transcript, Chinese, transcribe, no times."""

_VOCABULARY = 51865
_FILES = ("config.json", "vocabulary.txt", "model.bin")
_DIGIT_TOKENS = [_FIRST_DIGIT + int(digit) for digit in ALPHABET]
_SILENT = [t for t in range(_VOCABULARY) if t not in _DIGIT_TOKENS and t != _END]


def draw_digits() -> str:
    """Four different digits of `ALPHABET`, from the system's randomness."""
    return "".join(secrets.SystemRandom().sample(ALPHABET, COUNT))


class DigitListener:
    """Owns the network: one thread at a time."""

    def __init__(self, folder: Path) -> None:
        """NetworkMissing."""
        paths = [network_path(folder, f"whisper-base/{name}") for name in _FILES]
        self._network = ctranslate2.models.Whisper(
            str(paths[0].parent), compute_type="int8", intra_threads=1, inter_threads=1
        )

    def strings(self, sound: Sound) -> list[str]:
        """What was probably said, the likeliest first: at most `KEPT` strings of four
        different digits."""
        features = ctranslate2.StorageView.from_array(mel_spectrum(sound, CONTEXT_S)[None])
        (answer,) = self._network.generate(
            features,
            [_PROMPT],
            beam_size=HYPOTHESES,
            num_hypotheses=HYPOTHESES,
            max_length=len(_PROMPT) + 2 * COUNT,
            suppress_blank=False,
            suppress_tokens=_SILENT,
        )
        said = ["".join(str(t - _FIRST_DIGIT) for t in ids) for ids in answer.sequences_ids]
        return [text for text in said if is_challenge(text)][:KEPT]


def is_challenge(text: str) -> bool:
    """Whether `draw_digits` could have drawn it."""
    return len(text) == COUNT == len(set(text)) and set(text) <= set(ALPHABET)


def digits_reasons(sound: Sound, strings: list[str], digits: str) -> tuple[CandidateReason, ...]:
    """Why the sound does not pass for `digits`."""
    if loudness(sound) < LOUD_MIN:
        return (CandidateReason.DIGITS_UNHEARD,)
    if digits in strings:
        return ()
    return (CandidateReason.DIGITS_DIFFER if strings else CandidateReason.DIGITS_UNHEARD,)


def loudness(sound: Sound) -> float:
    """Root mean square of the loudest half second, 0 to 1."""
    half = 8_000
    blocks = [sound[i : i + half] for i in range(0, sound.size, half // 2)]
    return max((float(np.sqrt(np.mean(b * b))) for b in blocks if b.size), default=0.0)
