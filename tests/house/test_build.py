"""The build finds what it installs by itself; .ci/run compares a real installation with the tree."""

import tomllib

from helpers import ROOT

PACKAGE = ROOT / "fastnorm"


def test_every_folder_with_modules_is_a_package_that_the_build_finds():
    folders = {path.parent for ending in ("py", "pyx", "pxd") for path in PACKAGE.rglob(f"*.{ending}")}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    assert settings["packages"] == {"find": {"include": ["fastnorm*"]}}


def test_the_extensions_are_those_of_the_tree():
    built = {path.name.partition(".")[0] for path in PACKAGE.rglob("*.so")}
    assert built == {path.stem for path in PACKAGE.rglob("*.pyx")} | {"_shared"}  # which Cython writes
