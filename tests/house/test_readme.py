"""The README is true: its Python runs, its map names every module, its commands and links are there."""

import re

import pytest
from helpers import ROOT

from fastnorm import tune
from fastnorm.tune.search.defaults import require_used

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


def test_its_map_names_every_folder_and_nothing_else():
    package = ROOT / "fastnorm"
    folders = {str(path.parent.relative_to(package)) for path in package.rglob("*.py")} - {"."}
    tops = {path.stem for path in package.glob("*.py")} - {"__init__"}
    there = {name for folder in folders for name in folder.split("/")} | tops
    inside = MAP.partition("fastnorm/\n")[2].partition("tests/")[0]
    assert there - set(re.findall(r"\w+", inside)) == set()
    paths = {path.name for path in ROOT.iterdir()} | {path.name for path in ROOT.glob("[bcft]*/**/*")}
    for name in re.findall(r"\b\w+\.(?:py|pyx|h|c|toml)\b|\b\w+/", MAP):
        assert name.rstrip("/") in paths, name


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


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"])
def test_files_that_are_named_are_there(name):
    text = (ROOT / name).read_text()
    for path in re.findall(r"`((?:fastnorm|csrc|tests|bench|\.ci)/[\w./]*)`", text):
        assert (ROOT / path).exists(), path
