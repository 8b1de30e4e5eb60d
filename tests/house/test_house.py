"""The house keeps its order: who imports whom, what core modules may need, and that every kernel is complete."""

import ast
import importlib
import inspect
import re
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from helpers import ROOT, cases, tolerances

import fastnorm as fn
from fastnorm import kernels, ops, reference
from fastnorm._frozen import word
from fastnorm.engine import operations
from fastnorm.nn import activations
from fastnorm.ops import spec

PACKAGE = ROOT / "fastnorm"
OPEN = {"errors", "checks", "metrics", "_frozen", "foreign_words", "_version"}  # to all; among themselves in any order

# A folder, or a module at the top, and those it uses; it may use what these may use, and nothing else.
HOUSE: dict[str, str] = {
    "cli": "console tune models training table kernels",
    "console": "tune training engine",
    "tune": "tune/panda tune/search tune/samplers tune/analysis tune/diagnostics tune/study tune/space",
    "tune/panda": "tune/search tune/diagnostics tune/study tune/space",
    "tune/search": "tune/samplers tune/analysis tune/diagnostics tune/study tune/space networks kernels",
    "tune/samplers": "tune/study tune/space",
    "tune/analysis": "tune/study tune/space",
    "tune/diagnostics": "tune/study training ops",
    "tune/study": "tune/space models training",
    "tune/space": "kernels",
    "networks": "models",
    "models": "training nn passes engine saving table ops",
    "autodiff": "training engine ops",
    "training": "table nn passes engine saving ops kernels",
    "table": "saving kernels",
    "nn": "engine ops kernels",
    "passes": "ops",
    "saving": "ops",
    "engine": "ops kernels",
    "reference": "ops",
    "kernels": "ops",
    "ops": "",
}


def uses(folder):
    """All that a folder may use."""
    found = set()
    for name in HOUSE[folder].split():
        found |= {name} | uses(name)
    return found


SOURCES = sorted(path for suffix in ("py", "pyx", "pxd") for path in PACKAGE.rglob(f"*.{suffix}"))
MODULES = {path.relative_to(PACKAGE).with_suffix("").parts for path in SOURCES}
README = " ".join((ROOT / "README.md").read_text().replace("`", " ").split())
UNARY = tuple(row.name for row in spec.FUNCTIONS if row.name != "relu")  # which has kernels of its own
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
        for name in names or [""]:
            yield (*full, name) if full == ("fastnorm",) or (*full[1:], name) in MODULES else full


def folder_of(parts):
    """The folder of the house that a path or a dotted name below fastnorm lies in."""
    for count in (2, 1):
        if "/".join(parts[:count]) in HOUSE:
            return "/".join(parts[:count])
    return parts[0] if parts and parts[0] in OPEN else None


def room(path):
    return folder_of(path.relative_to(PACKAGE).with_suffix("").parts)


def test_the_folders_stand_in_order_and_none_is_large():
    order = list(HOUSE)
    for folder in HOUSE:
        assert all(order.index(other) > order.index(folder) for other in HOUSE[folder].split()), folder
    folders = {path.parent for path in SOURCES}
    assert {"/".join(folder.relative_to(PACKAGE).parts) for folder in folders} - {""} == {
        *HOUSE.keys() - {"autodiff", "networks"}, "metrics",
    }  # fmt: skip
    sizes = {folder: len({path.stem for path in SOURCES if path.parent == folder}) for folder in folders}
    assert sizes.pop(PACKAGE) <= 10
    assert max(sizes.values()) <= 30


def test_imports_of_every_spelling_are_seen():
    cython = "from . cimport a as z\nfrom .. import b, c\nfrom ..d.e cimport (f,\n  g)\nimport h, i.j\n    cimport k\n"
    python = "from . import a\ndef f():\n    from ..d import e as x\n    import h, i.j\n"
    modules = [(0, "h", []), (0, "i.j", [])]
    assert sorted(parse_cython(cython)) == [
        *modules, (0, "k", []), (1, "", ["a"]), (2, "", ["b", "c"]), (2, "d.e", ["f", "g"]),
    ]  # fmt: skip
    assert sorted(parse_python(python)) == [*modules, (1, "", ["a"]), (2, "d", ["e"])]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_folders_that_its_own_may_use(path):
    if path == PACKAGE / "__init__.py":
        return
    here = room(path)
    assert here is not None, f"{path.name} lies in no folder of the house: give it one in {Path(__file__).name}"
    allowed = OPEN if here in OPEN else OPEN | {here} | uses(here)
    for package, *rest in imports(path):
        if package == "fastnorm":
            there = folder_of(rest)
            assert there in allowed, f"{path.name} ({here}) imports {'.'.join(rest)} ({there})"


def test_no_two_modules_import_each_other():
    graph = {}
    for path in SOURCES:
        here = path.relative_to(PACKAGE).with_suffix("").parts
        if here[-1] != "__init__":
            there = {tuple(rest) for package, *rest in imports(path) if package == "fastnorm"}
            graph.setdefault(here, set()).update((there & MODULES) - {here})
    done, under_way = set(), []

    def visit(module):
        assert module not in under_way, " -> ".join("/".join(each) for each in [*under_way, module])
        if module not in done:
            under_way.append(module)
            for other in graph.get(module, ()):
                visit(other)
            done.add(under_way.pop())

    for module in graph:
        visit(module)


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
    users = [path.name for path in SOURCES if 'cdef extern from "fastnorm.h"' in path.read_text()]
    assert [name for name in users if "cpu" not in name] == []


# ---- kernels


NATIVE = sorted([*(ROOT / "csrc").rglob("*.[ch]"), *PACKAGE.rglob("*.pyx"), *PACKAGE.rglob("*.pxd")])


@pytest.mark.parametrize("path", NATIVE, ids=lambda path: str(path.relative_to(ROOT)))
def test_native_lines_have_at_most_120_columns(path):
    assert [line for line in path.read_text().splitlines() if len(line) > 120] == []


@pytest.mark.parametrize("path", sorted((ROOT / "csrc/kernels").glob("*.h")), ids=lambda path: path.name)
def test_a_head_says_where_its_contract_is(path):
    head = path.read_text().partition("*/")[0]
    assert "contract" in head.lower()
    for name in re.findall(r"\w+\.(?:pyx|h)\b", head):
        assert (path.parent / name).exists() or (PACKAGE / "kernels" / name).exists(), name


def test_the_list_names_the_kernels_it_should():
    assert {"gemm", "batchnorm_forward", "softmax_cross_entropy", "adam", "random_bits"} <= set(KERNELS)
    assert {"gelu_backward", "power_backward", "less_forward", "where_backward"} <= set(KERNELS) - {"less_backward"}
    assert len(KERNELS) == len(set(KERNELS)) >= 59


def test_kernels_take_arrays_as_typed_memoryviews():
    calls = []
    for path in (PACKAGE / "kernels").glob("*.pyx"):
        code = re.sub(r'""".*?"""', "", path.read_text(), flags=re.DOTALL)
        assert path.stem == "arguments" or "numpy cimport" not in code  # arguments makes arrays
        calls += re.findall(r"^cdef .*?\(([^)]*)\):\n(?:    .*\n)*?    with nogil", code, re.MULTILINE)
    assert len(calls) >= 35  # the functions that let go of the lock and call C; those of one number share one
    assert [arguments for arguments in calls if not re.search(r"\w\[:", arguments) or "*" in arguments] == []


@pytest.mark.parametrize("name", KERNELS)
def test_a_kernel_is_public_and_has_a_docstring_a_reference_and_a_bound(name):
    assert name in kernels.__all__
    assert len(getattr(kernels, name).__doc__.splitlines()) > 3
    assert callable(getattr(reference, name))
    assert tolerances.BOUNDS[name]


@pytest.mark.parametrize("name", KERNELS)
def test_a_kernel_is_tested(name):
    text = "".join(path.read_text() for path in (ROOT / "tests" / "kernels").glob("test_*.py"))
    assert name in cases.CALLS or f"reference.{name}(" in text
    assert f"kernels.{name}(" in text or name.rpartition("_")[0] in UNARY  # test_kernels_unary tries all of them


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
    assert sorted(own) == sorted(set(kernels.__all__) - {"runnable", "variant", "variants"} | {"run"})


# ---- operations


def test_the_spec_the_native_registry_and_the_catalogue_have_the_same_operations():
    families = [name for family, name in LIST if family != "KERNEL"]
    assert set(spec.OPERATIONS) == {*families, *operations.NAMES} == set(ops.CATALOGUE)
    assert [name for family, name in LIST if family == "UNARY"] == list(UNARY)
    assert len(spec.OPERATIONS) == len(set(families) | set(operations.NAMES))


@pytest.mark.parametrize("name", spec.OPERATIONS)
def test_an_operation_has_native_passes_a_reference_and_a_place_in_the_readme(name):
    row = spec.of(name)
    teaches = name not in ("normalize", "one_hot", "hits", "locate")
    assert operations.passes(name) == (True, teaches)
    inside = {"normalize", "part", "hits", "softmax_cross_entropy", "mean_squared_error", "weighted_mean"}
    by_operator = {"add", "subtract", "multiply", "divide", "power", "less", "less_equal", "equal", "not_equal"}
    assert name in inside | by_operator | {"batchnorm", "layernorm"} or f" {name} " in README
    apart = name in ("batchnorm", "dropout", "one_hot", "hits") or row.ends_recording
    assert (name in importlib.import_module("fastnorm.reference.run").COMPUTE) == (not apart)
    assert len(row.settings) <= 2  # for which a node has room
    assert bool(row.gives) >= bool(row.spoils)


@pytest.mark.parametrize("name", spec.ACTIVATIONS)
def test_an_activation_is_a_layer_with_the_operations_settings(name):
    (layer,) = [each for each in activations.ACTIVATIONS if word(each) == name]
    assert getattr(fn, layer.__name__) is layer
    assert re.search(rf"\b{layer.__name__}\b", README)
    settings = spec.of(name).settings
    assert [(field.name, field.default) for field in fields(layer)] == [(each.name, each.default) for each in settings]
    assert layer.__doc__.splitlines()[0]
