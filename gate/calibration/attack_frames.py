"""The frames of recordings to what the fit and the report need: logits, scores, who it is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gate.calibration.attack_fit import Logits, Presentation
from gate.calibration.attack_recordings import Recording
from gate.calibration.odd_file import OddFile
from gate.errors import InputRejected, PhotoRejected
from gate.models.liveness.layers import LayerInput
from gate.models.liveness.network import NetworkLayer, live_logit, makers_score
from gate.models.photo_file import decode_photo
from gate.models.still_pictures import StillPictures
from gate.platform.regular_file import read_regular
from gate.ports import Template

FRAMES_MAX = 50
"""Of one recording, spread evenly: more of the same say nothing new."""
FILE_MAX = 64 << 20
SAME_PERSON = 0.42
"""Cosine of two single views, by which one impostor pair in 10,000 passes (docs/calibration.md)."""

Show = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, eq=False)
class SeenRecording:
    """One recording in which a face was found. `makers`: the mean of both shares of live for each
    frame; `template`: the mean of its faces."""

    recording: Recording
    logits: Logits
    makers: tuple[float, ...]
    template: Template


def see(
    recordings: Sequence[Recording], models: Path, show: Show
) -> tuple[list[SeenRecording], list[OddFile]]:
    """The recordings with a face, and what was passed over. ModelDamaged."""
    stills, layer = StillPictures(models), NetworkLayer(models)
    seen: list[SeenRecording] = []
    odd: list[OddFile] = []
    for n, recording in enumerate(recordings):
        frames = [f for path in _spread(recording) if (f := _frame(stills, layer, path, odd))]
        if frames:
            logits = np.array([f[0] for f in frames])
            template = np.mean([f[2] for f in frames], axis=0)
            template = (template / max(float(np.linalg.norm(template)), 1e-9)).astype(np.float32)
            seen.append(SeenRecording(recording, logits, tuple(f[1] for f in frames), template))
        else:
            odd.append(OddFile(recording.where, "shows no face", "未检测到人脸"))
        show(n + 1, len(recordings))
    return seen, odd


def presentations(seen: Sequence[SeenRecording]) -> list[Presentation]:
    """What the fit takes; who is alike is one person, also through a third."""
    people = _people(seen)
    return [
        Presentation(s.recording.kind, person, s.logits)
        for s, person in zip(seen, people, strict=True)
    ]


def _people(seen: Sequence[SeenRecording]) -> list[int]:
    """The number of each recording's person, from 0."""
    number = list(range(len(seen)))
    for one in range(len(seen)):
        for other in range(one):
            if float(seen[one].template @ seen[other].template) >= SAME_PERSON:
                old, new = number[one], number[other]
                number = [new if n == old else n for n in number]
    places = {n: place for place, n in enumerate(dict.fromkeys(number))}
    return [places[n] for n in number]


def _spread(recording: Recording) -> list[Path]:
    count = min(FRAMES_MAX, len(recording.frames))
    places = np.linspace(0, len(recording.frames) - 1, count).round().astype(int)
    return [recording.frames[n] for n in places]


def _frame(
    stills: StillPictures, layer: NetworkLayer, path: Path, odd: list[OddFile]
) -> tuple[tuple[float, float], float, Template] | None:
    """Logits, the makers' score and the template; None where no face is seen. What cannot be read
    is told in `odd`."""
    where = "/".join(path.parts[-3:])
    try:
        picture = decode_photo(read_regular(path, FILE_MAX))
        face = stills.live_face(picture)
        if face is None:
            return None
        shares = layer.shares(LayerInput(picture, face.box, face.landmarks, 0.0))
        template, _ = stills.single_view(stills.chip(picture, face))
    except PhotoRejected as e:
        odd.append(OddFile(where, e.en, e.zh))
        return None
    except OSError as e:
        odd.append(OddFile(where, f"cannot be read ({e.strerror})", "无法读取"))
        return None
    except InputRejected:  # the face is too small or too turned to be aligned
        return None
    if shares is None:
        return None
    return (live_logit(shares[0]), live_logit(shares[1])), makers_score(shares), template
