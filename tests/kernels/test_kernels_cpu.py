"""Variants: which there are, which one is chosen, and that a forked child still computes."""

import os
import subprocess
import sys

import numpy as np
import pytest

from fastnorm import kernels
from fastnorm.errors import SettingError
from fastnorm.kernels import cpu


def run(code, **environment):
    """Another interpreter, with the same packages in its path."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)} | environment
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60)


def test_base_is_always_there_and_the_fastest_is_chosen():
    assert kernels.variants()[0] == "base"
    assert set(kernels.runnable()) <= set(kernels.variants())
    assert run("from fastnorm import kernels; print(kernels.variant())", FASTNORM_ISA="").stdout.split() == [
        cpu.runnable()[-1]
    ]


def test_the_environment_chooses_a_variant(variant):
    assert run("from fastnorm import kernels; print(kernels.variant())", FASTNORM_ISA=variant).stdout.split() == [
        variant
    ]


def test_a_variant_that_does_not_exist_is_an_error():
    result = run("import fastnorm.kernels", FASTNORM_ISA="avx513")
    assert result.returncode == 1
    assert "SettingError: FASTNORM_ISA=avx513: no variant named 'avx513'; this build has base" in result.stderr


def test_a_variant_this_cpu_cannot_run_is_an_error(monkeypatch):
    monkeypatch.setattr(cpu, "runnable", lambda: ("base",))
    missing = cpu.variants()[-1]
    if missing == "base":
        pytest.skip("this build has one variant")
    with pytest.raises(SettingError, match=f"this CPU cannot run '{missing}'; .*; this CPU runs base"):
        cpu._choose(missing)


def test_another_variant_is_used_inside_a_block_only(variant):
    assert kernels.variant() == variant
    with cpu._using("base"):
        assert kernels.variant() == "base"
    assert kernels.variant() == variant


def test_the_probe_counts_its_operations(variant):
    assert cpu.probe_fma(10) == 10 * cpu.probe_fma(1) > 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_computes_on_one_thread():
    """The parent's thread pool does not live in the child, which would wait for it for ever."""
    code = """
import os, numpy as np
from fastnorm import kernels
x = np.arange(600.0).reshape(30, 20)
before = kernels.gemm(x, x.T, threads=2)
child = os.fork()
if child == 0:
    os._exit(0 if (kernels.gemm(x, x.T, threads=2) == before).all() else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert run(code).stdout.split() == ["0"]


def test_results_of_variants_differ_by_roundings_only(rng):
    x = rng.normal(size=(40, 300)).astype(np.float32)
    products = []
    for name in cpu.runnable():
        with cpu._using(name):
            products.append(kernels.gemm(x, x.T))
    for product in products:
        np.testing.assert_allclose(product, products[0], rtol=0, atol=1e-3)
