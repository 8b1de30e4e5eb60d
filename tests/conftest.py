"""What all tests share: each variant this CPU runs, both dtypes, seeded numbers, and how hypothesis searches."""

import importlib
import os
import signal
import zlib
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from helpers import (
    cases_elementwise,  # noqa: F401  puts its calls where cases has them
    cases_rows,  # noqa: F401  likewise
    tolerances_elementwise,  # noqa: F401  puts its bounds where tolerances has them
    tolerances_rows,  # noqa: F401  likewise
)

from fastnorm.engine import thread_choice
from fastnorm.kernels import cpu

hypothesis.settings.register_profile("local", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "local")


@pytest.fixture(params=cpu.runnable())
def variant(request):
    with cpu._using(request.param):
        yield request.param


@pytest.fixture(autouse=True)
def signals_as_usual():
    """Processes that a test starts heed signals, though the tests themselves may run under nohup."""
    usual = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL, signal.SIGHUP: signal.SIG_DFL}
    ignored = [number for number in usual if signal.getsignal(number) == signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, usual[number])
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


@pytest.fixture
def together():
    """Programs made in the test use all their threads, whether that is faster or not."""
    with thread_choice._together():
        yield


@pytest.fixture(params=[np.float32, np.float64], ids=["float32", "float64"])
def dtype(request):
    return request.param


@pytest.fixture
def rng(request):
    """Random numbers that depend on the test's name alone."""
    return np.random.default_rng(zlib.crc32(request.node.name.encode()))


@pytest.fixture
def bench(monkeypatch):
    """Gives the modules of the bench by name."""
    monkeypatch.syspath_prepend(Path(__file__).parent.parent)
    return lambda name: importlib.import_module(f"bench.{name}")


# ---- the command line


@pytest.fixture
def command(capsys):
    """Runs the command's entry point here: returns exit code, stdout, stderr."""
    from helpers import commanding  # the command line's packages are needed by its tests alone

    return lambda *arguments: commanding.call(arguments, capsys)


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    """Returns a folder with flowers.csv (classes, words, gaps) and prices.csv (a quantity)."""
    from helpers import commanding

    folder = tmp_path_factory.mktemp("data")
    commanding.write_files(folder)
    return folder


@pytest.fixture(scope="session")
def tuned(data, tmp_path_factory):
    """Returns the folder of a finished search on the flowers, and what the command said."""
    from helpers import commanding

    out = tmp_path_factory.mktemp("tuned") / "flowers"
    options = ["--trials", 4, "--epochs", 10, "--workers", 2, "--seed", 1]
    return out, commanding.run("tune", data / "flowers.csv", "--target", "name", *options, "--out", out)
