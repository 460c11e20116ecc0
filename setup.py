"""exam-gate: the entry gate of an exam site, exam-office, its central office,
and exam-enrol, the candidates' portal."""

import re
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent
VERSION = re.search(r'__version__ = "(.+?)"', (HERE / "gate/__init__.py").read_text())[1]

RUNTIME = [
    "aiosqlite>=0.22,<0.23",
    # Seat-photo sheets as PDF.
    "fpdf2>=2.8,<3",
    "gpiozero>=2.0.1",
    # tflite-runtime 2.14 imports with numpy 2 but cannot build an interpreter; LiteRT can, and
    # Trixie's Python has no wheel of numpy 1.
    "numpy>=1.24,<2; python_version < '3.12'",
    "numpy>=1.26; python_version >= '3.12'",
    "paho-mqtt>=2.1,<2.3",
    # What the photo tests ran with: 11.3 and 13.0.
    "pillow>=11.3,<14",
    "pydantic>=2.6,<3",
    "pynacl>=1.5",
    "pyserial>=3.5",
    "rich>=13",
    "tflite-runtime==2.14.0; python_version < '3.12'",
    "ai-edge-litert>=2.1; python_version >= '3.12'",
    "typer>=0.12",
    # Where the system has no time zones: an exam's days and texts must not depend on that.
    "tzdata>=2024.1",
]

BROKER = "mosquitto"


class BuildWithFragments(build_py):
    """exam-office broker-config and exam-gate provision fill in shipped files, which lie outside
    the packages."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            source, target = HERE / "firmware_config" / BROKER, Path(self.build_lib, "office")
            self.copy_tree(str(source), str(target / BROKER))
            for folder in ("systemd", "firmware_config"):
                target = Path(self.build_lib, "gate/system", folder)
                target.mkdir(parents=True, exist_ok=True)
                for path in (HERE / folder).iterdir():
                    if path.is_file():
                        self.copy_file(str(path), str(target / path.name))


setup(
    name="exam-gate",
    version=VERSION,
    description="Entry gate of an exam site: ID card, live face, entry window, durable journal",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.11",
    packages=find_packages(
        include=["gate", "gate.*", "office", "office.*", "enrolment", "enrolment.*"]
    ),
    package_data={
        "gate": [
            *("**/*.toml", "**/*.sql", "**/*.tflite"),
            *("**/*.html", "**/*.css", "**/*.mjs", "**/*.svg"),
        ],
        "office": ["**/*.css", "**/*.html", "**/*.sql"],
        "enrolment": ["**/*.css", "**/*.html", "**/*.mjs", "**/*.toml"],
    },
    cmdclass={"build_py": BuildWithFragments},
    install_requires=RUNTIME,
    extras_require={
        # On Raspberry Pi OS both come from apt (python3-picamera2, python3-lgpio) instead. For
        # Python 3.13 (Trixie) lgpio has no wheel, so pip would compile it or take an old stub.
        "pi": ["picamera2>=0.3.36; python_version<'3.13'", "lgpio>=0.2.2; python_version<'3.13'"],
        # Jinja2: the report of exam-office photos check. Alembic, psycopg: the office's database.
        # orjson: what gates send, read. Starlette and what follows it: exam-office board.
        "office": [
            "alembic>=1.13",
            "cryptography>=42",
            "jinja2>=3.1,<4",
            "openpyxl>=3.1",
            # 3.13 spells numbers as Python does; what it may not spell is bounded all the same.
            "orjson>=3.10",
            "pillow-heif>=1",
            "psycopg[binary]>=3.2",
            "python-multipart>=0.0.20",
            "scipy>=1.13",
            "sqlalchemy>=2",
            "sse-starlette>=3,<4",
            "starlette>=1,<2",
            "uvicorn>=0.30",
        ],
        # exam-enrol, the candidates' portal. av decodes videos, ctranslate2 runs the network for
        # spoken digits, onnxruntime those that read cards.
        "enrolment": [
            "av>=18,<19",
            "cryptography>=42",
            "ctranslate2>=4.8,<5",
            "jinja2>=3.1,<4",
            "onnxruntime>=1.18",
            "pillow-heif>=1",
            "psycopg[binary]>=3.2",
            "python-multipart>=0.0.20",
            "scipy>=1.13",
            "sqlalchemy>=2",
            "starlette>=1,<2",
            "uvicorn>=0.30",
        ],
        # exam-gate console: pages over HTTPS, a certificate of its own, forms.
        "console": [
            "cryptography>=42",
            "jinja2>=3.1,<4",
            "python-multipart>=0.0.20",
            "sse-starlette>=3,<4",
            "starlette>=1,<2",
            "uvicorn>=0.30",
        ],
        # Reports of exam-gate calibrate; a running gate writes no page.
        "calibrate": ["jinja2>=3.1,<4", "matplotlib>=3.9"],
        "build": ["flatbuffers>=24", "ml_dtypes<0.6", "onnx>=1.17", "tflite>=2.18"],
        "test": [
            # axe-core of Deque: what is wrong with a page for who cannot see or use a mouse.
            "axe-playwright-python>=0.1.4",
            "hypothesis>=6.100",
            "import-linter>=2.7",
            # docs/asyncapi.yaml against live traffic.
            "jsonschema>=4.20",
            "mypy>=1.11",
            "onnxruntime>=1.18",
            # Drives Debian's Chromium, in tests and in the demo.
            "playwright>=1.50",
            "pytest>=8",
            "pytest-asyncio>=0.24",
            "pytest-timeout>=2.3",
            "pytest-xdist>=3.6",
            "python-stdnum>=2",
            "pyyaml>=6",
            "ruff>=0.8",
            "types-openpyxl>=3.1",
            "types-pyserial>=3.5",
        ],
    },
    entry_points={
        "console_scripts": [
            "exam-gate = gate.__main__:main",
            "exam-office = office.__main__:main",
            "exam-enrol = enrolment.__main__:main",
        ]
    },
)
