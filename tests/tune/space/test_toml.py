"""A space on paper: its table, its TOML, and what the linter says of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastnorm import tune
from fastnorm.errors import FileError, SettingError
from fastnorm.tune import Choice, Distribution, Float, Int, Space

SPACE = Space(
    {
        "learning_rate": Float(1e-5, 0.1, scale="log"),
        "layers": Int(1, 3),
        "units 3": Int(16, 512, scale="log", when=("layers", ">=", 3)),
        "dropout": Float(0, 0.5, step=0.1),
        "shape": Choice([[64, 64], [128], True, "a\"b\\\u007f\n\u2603", 1e30]),
        "noise": Distribution("norm", (0.0,), {"scale": 2.0}),
        "kind": Choice(["a"], when=("layers", "in", [1, 2])),
    }
)


def test_a_space_prints_itself():
    names = ("learning_rate", "units 3", "dropout", "noise")
    assert str(Space({"layers": Int(1, 3)} | {name: SPACE[name] for name in names})).splitlines() == [
        "name           kind          values                     scale   when",
        "layers         Int           1 ... 3                    linear",
        "learning_rate  Float         1e-05 ... 0.1              log",
        "units 3        Int           16 ... 512                 log     layers >= 3",
        "dropout        Float         0 ... 0.5 in steps of 0.1  linear",
        "noise          Distribution  norm(0, scale=2)",
    ]


def test_a_space_survives_toml(tmp_path):
    SPACE.to_toml(tmp_path / "space.toml")
    again = Space.from_toml(tmp_path / "space.toml")
    assert again == SPACE
    assert list(again) == list(SPACE)
    again.to_toml(tmp_path / "again.toml")
    assert (tmp_path / "again.toml").read_bytes() == (tmp_path / "space.toml").read_bytes()


def test_the_toml_is_what_a_person_would_write(tmp_path):
    path = tmp_path / "space.toml"
    path.write_text(
        'batch_size = [32, 64]\n[rate]\nkind = "Float"\nlow = 1\nhigh = 2\n'
        '[units]\nkind = "Int"\nlow = 4\nhigh = 8\nscale = "log"\nwhen = ["batch_size", "==", 32]\n'
    )
    space = Space.from_toml(path)
    assert space == {"batch_size": Choice([32, 64]), "rate": Float(1, 2), "units": space["units"]}
    assert space["units"] == Int(4, 8, scale="log", when=("batch_size", "==", 32))
    space.to_toml(path)
    assert path.read_text() == (
        '[batch_size]\nkind = "Choice"\noptions = [32, 64]\n\n'
        '[rate]\nkind = "Float"\nlow = 1.0\nhigh = 2.0\nscale = "linear"\n\n'
        '[units]\nkind = "Int"\nlow = 4\nhigh = 8\nscale = "log"\nwhen = ["batch_size", "==", 32]\n'
    )


OPTIONS = st.text() | st.integers() | st.booleans() | st.floats(allow_nan=False)


@given(st.dictionaries(st.text(), st.lists(OPTIONS, min_size=1), min_size=1))
def test_any_names_and_options_survive_toml(tmp_path_factory, options):
    path = tmp_path_factory.mktemp("toml") / "space.toml"
    space = Space({name: Choice(values) for name, values in options.items()})
    space.to_toml(path)
    assert Space.from_toml(path) == space


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rate = ", "space.toml: expected a space, .*Invalid value"),
        ("rate = 3", r"space\['rate'\]: expected Float, Int, Choice or a list, got 3"),
        ("", "at least one"),
        ("[rate]\nlow = 1", "'kind'"),
        ('[rate]\nkind = "Path"', "'Path'"),
        ('[rate]\nkind = "Float"\nlow = 3\nhigh = 1', "low < high"),
        ('[rate]\nkind = "Float"\nlow = 3\nheight = 1', "height"),
    ],
)
def test_a_file_that_holds_no_space_is_named(tmp_path, text, words):
    path = tmp_path / "space.toml"
    path.write_text(text)
    with pytest.raises(FileError, match=words):
        Space.from_toml(path)
    with pytest.raises(FileError, match="cannot read this file"):
        Space.from_toml(tmp_path / "none.toml")


def test_none_has_no_word_in_toml(tmp_path):
    with pytest.raises(SettingError, match="x: TOML has no word for None, so this space cannot be written"):
        Space({"x": Choice([1, None])}).to_toml(tmp_path / "space.toml")
    assert not (tmp_path / "space.toml").exists()


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"learning_rate": Float(1e-4, 1e-1)}, "learning_rate: on a linear scale 90% of the draws are above 0.01"),
        ({"weight_decay": Float(0, 1e-2)}, r'low > 0 and scale="log", such as Float\(1e-05, 0.01, "log"\)'),
        ({"beta_1": Float(0.9, 0.999)}, 'distance to 1, from 0.1 to 0.001; say scale="one_minus_log"'),
        ({"momentum": Float(0.5, 0.99, "log")}, 'momentum: .* say scale="one_minus_log"'),
        ({"momentum": Float(0.5, 1.0)}, 'say high < 1 and scale="one_minus_log"'),
        ({"batch_size": Choice([32, 100])}, "batch_size: 100 is far from a power of two; 128 uses"),
        ({"batch_size": Int(20, 50)}, "batch_size: an Int draws sizes far from powers of two"),
        ({"x": Float(1, 1.005)}, "x: its range 1 to 1.005 is under 1 % wide"),
        ({"x": Float(0.1, 0.1005, "log")}, "under 1 % wide"),
        ({"x": Float(0.9, 0.9001, "one_minus_log")}, "under 1 % wide"),
        ({"x": Int(1000, 1001)}, "under 1 % wide"),
        ({"x": Choice(["a", "b", "a"])}, "x: 'a' stands more than once"),
        ({"n": Int(1, 3), "x": Int(1, 9, when=("n", ">", 3))}, "x: its condition n > 3 never holds"),
        ({"n": Float(1, 3), "x": Int(1, 9, when=("n", ">=", 1))}, "x: its condition n >= 1 always holds"),
    ],
)
def test_the_linter_says_what_is_likely_wrong(entry, words):
    sentences = tune.lint(entry)
    assert len(sentences) == 1
    with pytest.raises(AssertionError, match=words):
        raise AssertionError(sentences[0])


def test_the_linter_has_nothing_to_say_of_a_good_space():
    good = {
        "learning_rate": Float(1e-4, 1e-1, "log"), "beta_2": Float(0.9, 0.9999, "one_minus_log"),
        "momentum": Float(0.8, 0.9), "dropout": Float(0, 0.5), "batch_size": Choice([32, 48 + 16, 72]),
        "n": Float(1, 3), "x": Int(1, 9, when=("n", "==", 2)), "fixed": Choice([7]), "noise": Distribution("norm"),
    }  # fmt: skip
    assert tune.lint(good) == []
    assert [line for rows in (20, 20_000) for line in tune.lint(tune.default_space(rows))] == []
    with pytest.raises(SettingError, match="low < high"):
        tune.lint({"x": Float(2, 1)})
