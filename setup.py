"""Build of the C kernels, one library per instruction set, and of the Cython layer over them.

FASTNORM_SANITIZE=address,undefined builds everything with those sanitizers.
"""

import os
import platform
import sys
from glob import glob

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
OPENMP = [] if sys.platform == "darwin" else ["-fopenmp"]  # Apple's clang has none; kernels then use one thread
HEADERS = glob("csrc/*.h") + glob("csrc/kernels/*.h")

def library(name: str, source: str, flags: list[str]) -> tuple[str, dict]:
    return f"fastnorm_{name}", {"sources": [source], "cflags": FLAGS + flags, "macros": MACROS, "obj_deps": {"": HEADERS}}


def extension(path: str) -> Extension:
    return Extension(
        path.removesuffix(".pyx").replace("/", "."), [path], include_dirs=["csrc"], depends=HEADERS,
        extra_compile_args=["-O2", "-g0", *OPENMP, *sanitizer], extra_link_args=["-lm", *OPENMP, *sanitizer],
    )  # fmt: skip


DIRECTIVES = {"language_level": "3", "boundscheck": False, "wraparound": False, "cdivision": True, "initializedcheck": False}

setup(
    # The linker takes from these archives what an extension asks for: that is `cpu` alone. Dispatch comes first, it needs the rest.
    libraries=[
        library("dispatch", "csrc/dispatch.c", []),
        *(library(name, f"csrc/variants/{name}.c", flags) for name, flags in VARIANTS.items()),
    ],
    ext_modules=cythonize(
        [extension(path) for path in sorted(glob("fastnorm/*.pyx") + glob("fastnorm/kernels/*.pyx"))],
        compiler_directives=DIRECTIVES, build_dir="build/cython", nthreads=os.cpu_count() or 1,
    ),
    options={"build_ext": {"parallel": os.cpu_count() or 1}},
)  # fmt: skip
