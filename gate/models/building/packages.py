"""The packages that a build needs and a running gate does not."""

import importlib.util

from gate.errors import UsageError

BUILD_PACKAGES = ("flatbuffers", "onnx", "tflite")


def require_packages() -> None:
    """UsageError, naming those that are missing."""
    missing = [p for p in BUILD_PACKAGES if importlib.util.find_spec(p) is None]
    if missing:
        raise UsageError(
            f"Building the networks needs {', '.join(missing)}: pip install '.[build]' in this "
            "program's folder, or copy the folder from a machine that has built them.",
            f"构建模型缺少 {', '.join(missing)}：请在本程序目录运行 pip install '.[build]'，"
            "或从已构建的机器复制。",
        )
