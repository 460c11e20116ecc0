"""Whose visit the screen is about. The name is forgotten as soon as something else is shown."""


class ShownName:
    """The candidate of the visit that runs, or whose result is still shown. `name`: "" for nobody;
    it leaves the process masked alone (`gate.core.candidate_screen`)."""

    def __init__(self) -> None:
        self.name = ""
        self._is_over = False

    def begin(self, name: str) -> None:
        """A visit is about `name`, or about nobody yet."""
        self.name, self._is_over = name, False

    def visit_is_over(self) -> None:
        """Its result is shown now; whatever is shown next is about somebody else."""
        self._is_over = True

    def shown(self) -> None:
        """Lamps and sentence have changed."""
        if self._is_over:
            self.begin("")
