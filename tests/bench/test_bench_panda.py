"""The bench of the guard and of drift: what fails, what is rescued, and that both run."""

import math
from itertools import pairwise

import numpy as np


def test_the_ladder_goes_by_factors_of_about_three(bench):
    ladder = bench("starts").LADDER
    assert (ladder[0], ladder[-1]) == (3e-4, 1000)
    assert all(2.9 < high / low < 3.4 for low, high in pairwise(ladder))


def test_what_fails(bench):
    panda = bench("panda")
    assert panda.is_fine(panda.End(0.1, 0.93), good=0.97)
    assert not panda.is_fine(panda.End(0.1, 0.91), good=0.97)
    assert not panda.is_fine(panda.End(math.nan, 0.97), good=0.97)


def test_the_last_row_is_of_all_starts(bench):
    rows = [
        {"fails": 3, "rescued": 2, "harm_gap": None},
        {"fails": 0, "rescued": 0, "harm_gap": 0.01},
        {"fails": 1, "rescued": 1, "harm_gap": -0.01},
    ]
    panda = bench("panda")
    row = panda._together(rows)
    assert (row["fails"], row["rescued"], row["harm_gap"]) == (4, 0.75, 0.01)
    assert row["targets"] == {"rescued": 0.8, "harm_gap": 0.02}
    assert panda._together([])["rescued"] is None


def test_both_subjects_run(bench, monkeypatch, capsys):
    panda, drift, starts = bench("panda"), bench("drift"), bench("starts")
    monkeypatch.setattr(starts, "EPOCHS", 3)
    monkeypatch.setattr(starts, "LADDER", (0.03, 1000.0))
    monkeypatch.setattr(panda, "SEEDS", 1)
    monkeypatch.setattr(drift, "LOOKS", 3)
    report = bench("report").Report()
    panda.measure(report, {}, "batchnorm sgd", None)
    drift.measure(report, {}, "adam", None)
    printed = capsys.readouterr().out
    assert "batchnorm sgd 1000" in printed
    assert "relu" not in printed.split("drift on digits")[0]
    assert "adam, the last layer" in printed


def test_a_folder_of_tables_is_compared_with_and_without(bench, monkeypatch, capsys, tmp_path):
    random = np.random.default_rng(0)
    values = [f"{a:.3f},{b:.3f},{a * b:.3f}" for a, b in random.normal(size=(60, 2))]
    (tmp_path / "concrete.csv").write_text("\n".join(["cement,water,strength", *values, "1,2,NA"]) + "\n")
    marked = [f'{row % 7};{row};"{"yes" if row % 3 else "no"}"' for row in range(60)]
    (tmp_path / "bank_additional.csv").write_text("\n".join(["age;duration;y", *marked]) + "\n")
    (tmp_path / "insurance.csv").write_text("age,cost\n1,2\n")
    (tmp_path / "unknown.csv").write_text("a,b\n1,2\n")
    panda, tables = bench("panda"), bench("tables")
    found = {
        known.name: tables.load(known, path) for known, path in tables.there(tmp_path) if known.name != "insurance"
    }
    assert {name: training.table.columns for name, (training, _) in found.items()} == {
        "bank_additional": ("age",), "concrete": ("cement", "water"),
    }  # fmt: skip
    assert [len(part.y) for part in found["concrete"]] == [48, 12]
    monkeypatch.setattr(panda, "TABLE_EPOCHS", 2)
    report = bench("report").Report()
    panda.measure(report, {}, "", tmp_path)
    printed = capsys.readouterr().out
    assert "insurance: left out: column 'charges': not in this frame" in printed
    rows = {line.split()[0]: line.split() for line in printed.splitlines() if line.startswith(("concrete", "bank"))}
    assert [rows["concrete"][1], rows["bank_additional"][1]] == ["60", "60"]
    assert rows["concrete"][3] == "root_mean_squared_error"
    assert rows["concrete"][-1] == rows["bank_additional"][-1] == "PASS"
    assert "unknown" not in printed
