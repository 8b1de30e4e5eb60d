"""python -m bench SUBJECT ... [--peers NAMES] [--only TEXT] [--threads N] [--data PATH] [--json FILE]

python -m bench against REF [step predict calls import]: this checkout and another commit in turns, see against.py
"""

import argparse
import importlib
import sys
from pathlib import Path

from . import machine
from .peers import PEERS, PeerMissing, load

TRAININGS = ("caviar", "study", "panda", "drift", "tables", "quality")  # which take --data
SUBJECTS = ("kernels", "calls", "step", "predict", "forward", "ulps", "growth", "footprint", "door", *TRAININGS)


def main() -> int:
    """Measure the subjects asked for; 0 when done, 2 when a peer asked for is not installed."""
    if sys.argv[1:2] == ["against"]:
        return importlib.import_module("bench.against").main(sys.argv[2:])
    options = _options()
    machine.hold_still(options.threads)
    try:
        peers = load(options.peers)
    except PeerMissing as missing:
        print(missing, file=sys.stderr)
        return 2
    report = importlib.import_module("bench.report").Report()  # imports NumPy: only now may it
    for subject in options.subjects:
        data = [options.data] if subject in TRAININGS else []
        importlib.import_module(f"bench.{subject}").measure(report, peers, options.only, *data)
    if options.json:
        report.save(options.json)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m bench", description="Measure fastnorm alternating with its peers.")
    parser.add_argument("subjects", nargs="+", choices=SUBJECTS, metavar="SUBJECT", help=", ".join(SUBJECTS))
    parser.add_argument("--peers", type=_names, default=[], metavar="NAMES", help=f"some of {','.join(PEERS)}")
    parser.add_argument("--only", default="", metavar="TEXT", help="only rows whose name contains this text")
    parser.add_argument("--threads", type=int, choices=range(1, machine.cores() + 1), default=1, metavar="N",
                        help="of ours and of every peer, each on a core of its own; default 1")  # fmt: skip
    parser.add_argument("--data", type=Path, metavar="PATH",
                        help=f"letter.csv, for {', '.join(TRAININGS)}; tables, quality, panda: a folder")  # fmt: skip
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write machine, versions, probes and rows here")
    return parser.parse_args()


def _names(text: str) -> list[str]:
    names = text.split(",")
    for name in names:
        if name not in PEERS:
            raise argparse.ArgumentTypeError(f"no peer named {name!r}; there are {', '.join(PEERS)}")
    return names


if __name__ == "__main__":
    sys.exit(main())
