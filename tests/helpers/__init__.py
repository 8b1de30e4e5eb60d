"""What several tests share: small networks, data, searches, tables of cases and of bounds."""

import os
from pathlib import Path

TESTS = Path(__file__).parents[1]
ROOT = TESTS.parent


def path_for(file):
    """What another process needs on sys.path to import a test module: its folder, and that of these helpers."""
    return os.pathsep.join([str(Path(file).parent), str(TESTS)])
