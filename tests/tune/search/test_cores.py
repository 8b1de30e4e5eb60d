"""Cores: the smaller of affinity and quota, read from made-up trees of control groups."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from helpers.searching import search

from fastnorm.tune.search import cores as cores_module
from fastnorm.tune.search import run_search
from fastnorm.tune.search.cores import affinity, cores, quota

V2 = "0::{group}\n"
V1 = "12:memory:/elsewhere\n5:cpu,cpuacct:{group}\n3:cpuset:/\n0::/\n"


def tree(root, cgroup, files):
    """Write /proc/self/cgroup and files below /sys/fs/cgroup; return the root."""
    texts = {"proc/self/cgroup": cgroup, **{f"sys/fs/cgroup/{name}": text for name, text in files.items()}}
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def v1(folder, limit, period=100_000):
    folder = f"cpu,cpuacct/{folder}"
    return {f"{folder}/cpu.cfs_quota_us": f"{limit}\n", f"{folder}/cpu.cfs_period_us": f"{period}\n"}


@pytest.mark.parametrize(
    ("cgroup", "files", "expected"),
    [
        (V2.format(group="/"), {"cpu.max": "150000 100000\n"}, 1.5),  # a container that sees its own group alone
        (V2.format(group="/"), {}, None),
        (V2.format(group="/a/b"), {"a/b/cpu.max": "max 100000\n"}, None),
        (V2.format(group="/a/b"), {"a/b/cpu.max": "max 100000\n", "a/cpu.max": "300000 100000\n"}, 3),
        (V2.format(group="/a/b"), {"a/b/cpu.max": "50000 100000\n", "a/cpu.max": "300000 100000\n"}, 0.5),
        (V2.format(group="/a/b"), {"a/b/cpu.max": "400000 100000\n", "a/cpu.max": "300000 100000\n"}, 3),
        (V2.format(group="/a"), {"b/cpu.max": "50000 100000\n"}, None),  # another's
        (V2.format(group="/docker/1f"), {"cpu.max": "200000 100000\n"}, 2),  # the host's name of it
        (V1.format(group="/"), v1("", 250_000), 2.5),
        (V1.format(group="/"), v1("", -1), None),
        (V1.format(group="/a/b"), {**v1("a/b", -1), **v1("a", 20_000, 10_000)}, 2),
        (V1.format(group="/docker/1f"), v1("", 70_000), 0.7),
        (V1.format(group="/a"), {"cpu,cpuacct/a/cpu.cfs_quota_us": "100000\n"}, None),  # no period
        ("2:cpu:/\n0::/\n", {"cpu/cpu.cfs_quota_us": "100000", "cpu/cpu.cfs_period_us": "100000"}, 1),
        (V2.format(group="/"), {"cpu.max": ""}, None),
        (V2.format(group="/"), {"cpu.max": "many\n"}, None),
        (V2.format(group="/"), {"cpu.max": "1 0\n"}, None),
        (V2.format(group="/a:b"), {"a:b/cpu.max": "200000 100000 7\n"}, 2),
        ("", {"cpu.max": "100000 100000\n"}, None),
        ("odd\n\n0:\n", {"cpu.max": "100000 100000\n"}, None),
    ],
)
def test_the_smallest_quota_on_the_way_up_is_told(tmp_path, monkeypatch, cgroup, files, expected):
    monkeypatch.setattr(cores_module, "ROOT", tree(tmp_path, cgroup, files))
    assert quota() == expected


def test_a_system_without_control_groups_has_no_quota(tmp_path, monkeypatch):
    monkeypatch.setattr(cores_module, "ROOT", tmp_path)
    assert quota() is None


@pytest.mark.parametrize(
    ("limit", "expected"),
    [("1000", 1), ("100000", 1), ("100001", min(2, affinity())), ("max", affinity()), ("99900000", affinity())],
)
def test_cores_are_the_smaller_of_affinity_and_quota(tmp_path, monkeypatch, limit, expected):
    monkeypatch.setattr(cores_module, "ROOT", tree(tmp_path, V2.format(group="/"), {"cpu.max": f"{limit} 100000\n"}))
    assert cores() == expected


def test_a_search_and_info_go_by_them(tmp_path, monkeypatch, command):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)), raising=False)
    monkeypatch.setattr(cores_module, "ROOT", tree(tmp_path, V2.format(group="/"), {"cpu.max": "250000 100000\n"}))
    asked = []

    def pool(workers, **options):
        asked.append(workers)
        return ThreadPoolExecutor(workers, **options)

    monkeypatch.setattr(run_search, "ThreadPoolExecutor", pool)
    search(workers=None, trials=1, epochs=1)
    assert asked == [3]
    _, printed, _ = command("info")
    facts = dict(line.strip().split(None, 1) for line in printed.splitlines())
    assert (facts["cores"], facts["quota"], facts["workers"]) == ("8", "2.5 cores", "3")
    monkeypatch.setattr(cores_module, "ROOT", tmp_path / "none")
    _, printed, _ = command("info")
    facts = dict(line.strip().split(None, 1) for line in printed.splitlines())
    assert (facts["cores"], facts["quota"], facts["workers"]) == ("8", "none", "8")
