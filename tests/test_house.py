"""The house keeps its order: who imports whom, what core modules may need, and that every kernel is complete."""

import ast
import importlib
import inspect
import re
import sys
from pathlib import Path

import cases
import pytest
import tolerances

from fastnorm import kernels, reference

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "fastnorm"
OPEN = {"errors", "checks", "descriptions", "foreign_words", "_records", "_version"}  # to all

# A room's modules, and the rooms it may import: those below it that it needs, never one above.
ROOMS: dict[str, tuple[set[str], set[str]]] = {
    "cli": (
        {"cli", "_commands", "_options", "_parts", "_progress", "_searching", "_steering", "_findings"}
        | {"_lines", "_signals"},
        {"console", "tune", "model", "run", "table", "saving"}
        | {"layers", "losses", "optimizers", "schedules", "metrics", "kernels"},
    ),
    "console": ({"console"}, {"tune", "run", "metrics"}),
    "tune": (
        {"tune"},
        {"model", "run", "saving", "metrics", "layers", "losses", "optimizers", "schedules", "trace", "kernels"},
    ),
    "model": (
        {"model", "sequential", "fitting", "recording", "ensembling"},
        {
            "run",
            "table",
            "saving",
            "joining",
            "layers",
            "losses",
            "optimizers",
            "schedules",
            "metrics",
            "program",
            "ops",
            "trace",
        },
    ),
    "run": (
        {"run", "checkpoints", "dataset", "recalibration", "shuffling", "validation"},
        {"table", "program", "saving", "joining", "losses", "optimizers", "schedules", "metrics", "trace", "kernels"},
    ),
    "table": ({"table", "_columns", "_features", "_read", "_scaling", "_targets"}, {"kernels"}),
    "layers": ({"layers", "activations", "composition"}, {"ops", "trace", "kernels"}),
    "losses": ({"losses", "recorded_loss"}, {"program", "metrics", "ops", "trace", "kernels"}),
    "differentiation": ({"differentiation"}, {"program", "optimizers", "ops", "trace"}),
    "joining": ({"joining", "folding"}, {"ops", "trace"}),
    "saving": ({"model_file", "tape_record"}, {"ops", "trace"}),
    "ops": ({"ops"}, {"trace"}),
    "program": (
        {"program", "pace", "learner", "feed", "backward", "bound", "node", "operations", "state", "layout", "listing"}
        | {"op_elementwise", "op_layers", "op_losses", "op_shapes"}
        | {"predictor", "judge", "gradient"},
        {"trace", "kernels"},
    ),
    "trace": ({"trace"}, set()),
    "optimizers": ({"optimizers"}, set()),
    "schedules": ({"schedules"}, set()),
    "metrics": ({"metrics", "scores"}, set()),
    "kernels": ({"kernels"}, set()),
    "reference": ({"reference"}, set()),
    "errors": ({"_version", "errors", "checks", "descriptions", "foreign_words", "_records"}, set()),
}
ROOM_OF = {module: room for room, (modules, _) in ROOMS.items() for module in modules}
SOURCES = sorted(path for suffix in ("py", "pyx", "pxd") for path in PACKAGE.rglob(f"*.{suffix}"))
LIST_FILE = (ROOT / "csrc/kernels/list.h").read_text()
LIST = re.findall(r"^FN_(KERNEL|UNARY|BINARY|COMPARISON)\((\w+)[,)]", LIST_FILE, re.MULTILINE)
BOTH = ("_forward", "_backward")
PASSES = {"KERNEL": ("",), "UNARY": BOTH, "BINARY": BOTH, "COMPARISON": BOTH[:1]}
KERNELS = [name + direction for family, name in LIST for direction in PASSES[family]]


def parse_python(text):
    """(level, module, names) of each import statement."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom):
            yield node.level, node.module or "", [alias.name for alias in node.names]
        elif isinstance(node, ast.Import):
            yield from ((0, alias.name, []) for alias in node.names)


def parse_cython(text):
    for match in re.finditer(r"^\s*from (\.*)([\w.]*) c?import (\([^)]*\)|.*)", text, re.MULTILINE):
        yield len(match[1]), match[2], re.findall(r"\w+", re.sub(r" as \w+", "", match[3]))
    for match in re.finditer(r"^\s*c?import ([\w.]+(?:, *[\w.]+)*)", text, re.MULTILINE):
        yield from ((0, name.strip(), []) for name in match[1].split(","))


def imports(path):
    """Dotted names, from the top: ("fastnorm", "kernels", "cpu") or ("numpy",)."""
    here = ("fastnorm", *path.relative_to(PACKAGE).with_suffix("").parts)
    for level, module, names in (parse_python if path.suffix == ".py" else parse_cython)(path.read_text()):
        base = here[: len(here) - level] if level else ()
        full = (*base, *filter(None, module.split(".")))
        yield from ((*full, name) for name in names) if full == ("fastnorm",) else [full]


def room(path):
    first = path.relative_to(PACKAGE).parts[0]
    return ROOM_OF.get(first.split(".")[0], "nowhere")


def test_the_rooms_stand_in_order_and_the_house_is_real():
    order = list(ROOMS)
    for name, (_, below) in ROOMS.items():
        assert all(order.index(other) > order.index(name) for other in below)
    assert len(SOURCES) > 40


def test_imports_of_every_spelling_are_seen():
    cython = "from . cimport a as z\nfrom .. import b, c\nfrom ..d.e cimport (f,\n  g)\nimport h, i.j\n    cimport k\n"
    python = "from . import a\ndef f():\n    from ..d import e as x\n    import h, i.j\n"
    modules = [(0, "h", []), (0, "i.j", [])]
    assert sorted(parse_cython(cython)) == [
        *modules, (0, "k", []), (1, "", ["a"]), (2, "", ["b", "c"]), (2, "d.e", ["f", "g"]),
    ]  # fmt: skip
    assert sorted(parse_python(python)) == [*modules, (1, "", ["a"]), (2, "d", ["e"])]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_rooms_below_its_own(path):
    if path == PACKAGE / "__init__.py":
        return
    here = room(path)
    assert here in ROOMS, f"{path.name} has no room: give it one in {Path(__file__).name}"
    _, below = ROOMS[here]
    for package, *rest in imports(path):
        if package == "fastnorm" and rest[0] not in OPEN:
            there = ROOM_OF.get(rest[0], "nowhere")
            assert there == here or there in below, f"{path.name} ({here}) imports {rest[0]} ({there})"


STANDARD = {"cython", "cpython", "libc", "posix"} | set(sys.stdlib_module_names)
OUTSIDE = {
    "cli": {"numpy", "typer", "rich"},
    "console": {"numpy", "rich", "textual"},
    "saving": {"numpy", "safetensors"},
}
FORBIDDEN = {"pickle", "marshal", "shelve", "yaml", "socket", "ssl", "http", "urllib", "ftplib", "smtplib"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_needs_only_what_its_room_may(path):
    packages = {package for package, *_ in imports(path)} - {"fastnorm"}
    assert not packages & FORBIDDEN
    assert packages - STANDARD <= OUTSIDE.get(room(path), {"numpy"})
    assert not re.search(r"\bnp\.random\b|\bnumpy\.random\b|\beval\(|\bexec\(", path.read_text())


def test_only_the_module_cpu_asks_for_the_c_code():
    users = [path.name for path in SOURCES if "cdef extern from" in path.read_text()]
    assert [name for name in users if "cpu" not in name] == []


# ---- kernels


def test_the_list_names_the_kernels_it_should():
    assert {"gemm", "batchnorm_forward", "softmax_cross_entropy", "adam", "random_bits"} <= set(KERNELS)
    assert {"gelu_backward", "power_backward", "less_forward", "where_backward"} <= set(KERNELS) - {"less_backward"}
    assert len(KERNELS) == len(set(KERNELS)) >= 59


@pytest.mark.parametrize("name", KERNELS)
def test_a_kernel_is_public_and_has_a_docstring_a_reference_and_a_bound(name):
    assert name in kernels.__all__
    assert len(getattr(kernels, name).__doc__.splitlines()) > 3
    assert callable(getattr(reference, name))
    assert tolerances.BOUNDS[name]


@pytest.mark.parametrize("name", KERNELS)
def test_a_kernel_is_tested(name):
    text = "".join(path.read_text() for path in Path(__file__).parent.glob("test_kernels_*.py"))
    assert name in cases.CALLS or f"reference.{name}(" in text
    assert f"kernels.{name}(" in text


@pytest.mark.parametrize("name", KERNELS)
def test_a_kernel_has_a_bench_row(name, monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    assert importlib.import_module("bench.kernels").ROWS[name]


@pytest.mark.parametrize("name", sorted(set(kernels.__all__) - {"runnable", "variant", "variants"}))
def test_a_kernel_and_its_reference_take_the_same_arguments(name):
    ours, theirs = (inspect.signature(getattr(module, name)).parameters for module in (kernels, reference))
    wanted = [(p.name, p.default, p.kind) for p in ours.values() if p.name not in ("out", "threads")]
    assert [(p.name, p.default, p.kind) for p in theirs.values()] == wanted


def test_every_reference_is_a_kernel():
    own = [name for name, value in vars(reference).items() if inspect.isfunction(value) and not name.startswith("_")]
    assert sorted(own) == sorted(set(kernels.__all__) - {"runnable", "variant", "variants"})
