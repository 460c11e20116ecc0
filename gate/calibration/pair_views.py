"""From pictures that two cameras took at once to the boards and faces that both saw."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from gate.calibration.dot_board import BOARD, find_board
from gate.calibration.pair_fit import FACE_CM, VIEWS_MIN, View, fit_pair, other_scene
from gate.errors import CamerasSwapped, InputDamaged, PhotoRejected
from gate.models.liveness.camera_pair import CameraPair, Points
from gate.models.photo_file import decode_photo
from gate.models.picture_arrays import grey
from gate.platform.regular_file import read_regular
from gate.ports import Face, Picture

BYTES_MAX = 64 << 20
"""Of one picture."""
FRONTAL_MAX = 0.12
"""How far the nose may be beside the middle of the eyes, in distances between the eyes. The mean
face is placed from its landmarks only while it looks at the camera."""
SEEN_MIN = 4
"""Pictures in which one camera must have seen something before the other is said to see nothing."""
MATCHED_MIN = 0.4
COLOUR_MIN, GREY_MAX = 4.0, 1.5
"""Mean difference of the colours of a picture that is in colour, and of one that is not."""
BOARD_CM: Points = np.concatenate([BOARD, np.zeros((len(BOARD), 1))], axis=1)

Pictures = tuple[Picture, Picture]
FindFaces = Callable[[Picture], Sequence[Face]]


@dataclass(slots=True)
class Gathered:
    """What was seen so far, in the order of the pictures."""

    boards: list[View] = field(default_factory=list)
    faces: list[View] = field(default_factory=list)
    seen: int = 0
    """Pictures in which either camera saw a board or exactly one face."""
    colour: list[tuple[float, float]] = field(default_factory=list)
    sizes: tuple[tuple[int, int], tuple[int, int]] | None = None

    @property
    def is_enough(self) -> bool:
        """Whether more pictures would not make it much better."""
        return len(self.boards) >= 24 or len(self.faces) >= 80

    def add(self, pictures: Pictures, find: FindFaces) -> None:
        """One picture of each camera. InputDamaged where sizes change."""
        sizes = tuple((p.shape[1], p.shape[0]) for p in pictures)
        if self.sizes is not None and sizes != self.sizes:
            raise InputDamaged(
                f"The pictures change their size from {self.sizes} to {sizes}: take all with one "
                "setting.",
                f"图像尺寸前后不一致（{self.sizes} 与 {sizes}）：请使用同一设置拍摄。",
                sizes=sizes,
            )
        self.sizes = (sizes[0], sizes[1])
        self.colour.append((_colour(pictures[0]), _colour(pictures[1])))
        boards = [find_board(grey(p)) for p in pictures]
        if boards[0] is not None and boards[1] is not None:
            self.seen += 1
            self.boards.append(View(BOARD_CM, boards[0], boards[1]))
            return
        faces = [_one_face(find(p)) for p in pictures]
        if faces[0] is not None and faces[1] is not None and _is_frontal(faces[0]):
            self.faces.append(View(FACE_CM, faces[0], faces[1]))
        self.seen += any(found is not None for found in (*boards, *faces))


def pair_of(
    pictures: Iterable[Pictures],
    find: FindFaces,
    *,
    kind: str,
    side: str,
    focal_px: float | None,
    view_degrees: float,
    show: Callable[[int, int], None],
) -> CameraPair:
    """The geometry of a pair from what it saw. `kind`: `nir` or `stereo`. `focal_px`: of the first
    camera where it is known, else from `view_degrees`, its angle of view across.

    InputRejected, ScenesDiffer, CamerasSwapped, as `fit_pair`.
    """
    gathered = Gathered()
    for number, both in enumerate(pictures):
        gathered.add(both, find)
        show(number + 1, len(gathered.boards) or len(gathered.faces))
        if gathered.is_enough:
            break
    if kind == "nir":
        check_colours(gathered.colour)
    scale = "board" if len(gathered.boards) >= VIEWS_MIN["board"] else "faces"
    views = gathered.boards if scale == "board" else gathered.faces
    matched = len(gathered.boards) + len(gathered.faces)
    if gathered.seen >= SEEN_MIN and matched < MATCHED_MIN * gathered.seen:
        raise other_scene(matched, gathered.seen, None)
    sizes = gathered.sizes or ((640, 480), (640, 480))
    focal = focal_px or sizes[0][0] / 2 / float(np.tan(np.radians(view_degrees / 2)))
    return fit_pair(views, scale, sizes, focal, side)


def check_colours(colour: Sequence[tuple[float, float]]) -> None:
    """CamerasSwapped where the first camera is the one without colours."""
    if not colour:
        return
    first, second = (float(np.median(c)) for c in zip(*colour, strict=True))
    if first < GREY_MAX and second > COLOUR_MIN:
        raise CamerasSwapped(
            "The first camera sees no colours and the second does: exchange `device` of both in "
            "gate.toml, so that the near-infrared camera is camera.second.",
            "第一摄像头没有颜色而第二摄像头有：请在 gate.toml 中对调 device，"
            "让近红外摄像头作为 camera.second。",
            first_colour=first,
            second_colour=second,
        )


def pictures_in(folder: Path) -> list[tuple[Path, Path]]:
    """FOLDER/first/NAME with FOLDER/second/NAME, by name. InputDamaged where there is none."""
    names = [
        {p.name for p in (folder / part).glob("*") if not p.name.startswith(".")}
        for part in ("first", "second")
    ]
    both = sorted(names[0] & names[1])
    if not both:
        raise InputDamaged(
            f"{folder} has no pictures of both cameras: put them into first/ and second/ under the "
            "same names.",
            f"{folder} 中没有两个摄像头的成对图像：请将同名图像分别放入 first/ 和 second/。",
            path=str(folder),
        )
    return [(folder / "first" / name, folder / "second" / name) for name in both]


def read_pictures(
    paths: Iterable[tuple[Path, Path]], left_out: Callable[[Path], None]
) -> Iterable[Pictures]:
    """The pictures of each pair of files. A file that is no picture is told to `left_out`, and the
    others go on."""
    for pair in paths:
        found = []
        for path in pair:
            try:
                found.append(decode_photo(read_regular(path, BYTES_MAX)))
            except (OSError, PhotoRejected):
                left_out(path)
        if len(found) == 2:
            yield found[0], found[1]


def _one_face(faces: Sequence[Face]) -> Points | None:
    """Landmarks where exactly one face is seen: of several nobody knows which is which."""
    return np.asarray(faces[0].landmarks, np.float64) if len(faces) == 1 else None


def _is_frontal(places: Points) -> bool:
    across = places[1] - places[0]
    width = float(np.linalg.norm(across))
    aside = (places[2] - places[:2].mean(axis=0)) @ across / max(width, 1e-6) ** 2
    return abs(float(aside)) < FRONTAL_MAX


def _colour(picture: Picture) -> float:
    thin = picture[::8, ::8].astype(np.float32)
    return float(np.abs(thin[..., 0] - thin[..., 2]).mean())
