"""The README is true: its Python runs, its map names every module, its commands and links are there."""

import re
from pathlib import Path

import pytest

from fastnorm import tune
from fastnorm.tune._defaults import require_used

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
MAP = next(text for language, text in BLOCKS if not language and "fastnorm/" in text)


def test_its_python_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    blocks = [text for language, text in BLOCKS if language == "python"]
    assert len(blocks) >= 6
    for number, text in enumerate(blocks):
        exec(compile(text, f"README.md, Python block {number}", "exec"), names)  # a later block goes on with an earlier


def test_its_space_can_be_searched(tmp_path):
    (text,) = [text for language, text in BLOCKS if language == "toml"]
    (tmp_path / "space.toml").write_text(text)
    space = tune.Space.from_toml(tmp_path / "space.toml")
    require_used("README.md", space)
    assert tune.lint(space) == []


def test_its_map_names_every_module():
    modules = {path.stem for pattern in ("*.py", "*.pyx") for path in (ROOT / "fastnorm").glob(pattern)}
    modules |= {path.stem for room in ("console", "tune") for path in (ROOT / "fastnorm" / room).glob("*.py")}
    words = set(re.findall(r"\w+", MAP))
    assert modules - {"__init__"} - words == set()


def test_its_map_names_nothing_else():
    paths = {path.name for path in ROOT.iterdir()} | {path.name for path in ROOT.glob("[bcft]*/**/*")}
    for name in re.findall(r"\b\w+\.(?:py|pyx|h|c|toml)\b|\b\w+/", MAP):
        assert name.rstrip("/") in paths, name
    modules = {Path(name).stem for name in paths}
    for name in re.findall(r"\b_\w+", MAP):
        assert name in modules, name


@pytest.mark.parametrize("words", ["fastnorm tune --example digits", ".venv/bin/pytest"])
def test_its_two_commands_stand_at_the_start(words):
    first, second = [text for language, text in BLOCKS if language == "sh"][:2]
    command = first if "tune" in words else second
    assert words in command
    assert len(command.splitlines()) == 1


def test_its_pictures_are_there_and_need_nothing_else():
    pictures = re.findall(r"!\[[^]]+\]\(([^)]+)\)", README)
    assert len(pictures) == 1
    text = (ROOT / pictures[0]).read_text()
    assert text.startswith("<svg")
    assert len(text) < 100_000
    assert re.findall(r"(?:url|href)=?[(\"](?!#)", text) == []
