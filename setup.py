"""Build of the C kernels, one library per instruction set, and of the Cython layer over them.

FASTNORM_SANITIZE=address,undefined builds everything with those sanitizers. CC=clang builds with clang.
"""

import os
import platform
import shlex
import subprocess
import sys
import sysconfig
import tempfile
from glob import glob
from pathlib import Path

import numpy
from Cython.Build import cythonize
from setuptools import Extension, setup

if sys.platform == "win32":
    sys.exit("fastnorm does not build on Windows yet: its kernels need gcc or clang. Use WSL, Linux or macOS.")

X86 = platform.machine().lower() in ("x86_64", "amd64")
VARIANTS = {"base": []}
if X86:  # the features dispatch.c asks the CPU for, and no others
    VARIANTS["avx2"] = ["-mavx2", "-mfma"]
    VARIANTS["avx512"] = ["-mavx2", "-mfma", "-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl"]

sanitize = os.environ.get("FASTNORM_SANITIZE")
sanitizer = [f"-fsanitize={sanitize}", "-fno-omit-frame-pointer", "-g"] if sanitize else []
# No -ffast-math: these two change no result, they only say that errno and traps are not looked at.
FLAGS = ["-std=gnu11", "-O3", "-fno-math-errno", "-fno-trapping-math", "-Wall", "-Wextra", "-g0", *sanitizer]
MACROS = [("FN_X86", "1")] if X86 else []
HEADERS = glob("csrc/*.h") + glob("csrc/kernels/*.h")


def openmp() -> list[str]:
    """The flag for OpenMP, or none where the compiler has no such thing, as Apple's: kernels then use one thread."""
    compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC"))
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "probe.c")
        source.write_text("#include <omp.h>\nint main(void) { return omp_get_max_threads() < 1; }\n")
        words = [*compiler, "-fopenmp", source, "-o", source.with_suffix("")]
        return [] if subprocess.run(words, capture_output=True).returncode else ["-fopenmp"]


OPENMP = openmp()


def library(name: str, source: str, flags: list[str]) -> tuple[str, dict]:
    settings = {"sources": [source], "cflags": FLAGS + flags, "macros": MACROS, "obj_deps": {"": HEADERS}}
    return f"fastnorm_{name}", settings


def extension(path: str) -> Extension:
    return Extension(
        path.removesuffix(".pyx").replace("/", "."), [path],
        include_dirs=["csrc", numpy.get_include()], depends=HEADERS,
        define_macros=[("NPY_NO_DEPRECATED_API", "NPY_2_0_API_VERSION")],
        extra_compile_args=["-O2", "-g0", *OPENMP, *sanitizer],
        extra_link_args=["-lm", *OPENMP, *sanitizer],
    )  # fmt: skip


# What Cython needs for memoryviews, once: in each module it would be half of the code, and of its import.
SHARED = Extension(
    "fastnorm.kernels._shared", ["fastnorm/kernels/_shared.c"],  # which Cython writes, into build/
    extra_compile_args=["-O2", "-g0", *sanitizer], extra_link_args=sanitizer,
)  # fmt: skip
UNCHECKED = {"boundscheck": False, "wraparound": False, "cdivision": True, "initializedcheck": False}

setup(
    # The linker takes from these archives what an extension asks for: that is `cpu` alone. Dispatch needs the rest, so
    # it comes first.
    libraries=[
        library("dispatch", "csrc/dispatch.c", []),
        *(library(name, f"csrc/variants/{name}.c", flags) for name, flags in VARIANTS.items()),
    ],
    ext_modules=cythonize(
        [*(extension(path) for path in sorted(glob("fastnorm/**/*.pyx", recursive=True))), SHARED],
        shared_utility_qualified_name=SHARED.name,
        compiler_directives={"language_level": "3", **UNCHECKED},
        build_dir="build/cython", nthreads=os.cpu_count() or 1,
    ),
    options={"build_ext": {"parallel": os.cpu_count() or 1}},
)  # fmt: skip
