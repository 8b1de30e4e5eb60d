"""What a hyperparameter of training may be, whether an optimizer has it or an operation as a slot."""

import math

from .. import checks

# Lowest, highest, and whether these ends belong to it. All others, shares such as momentum and dropout, lie in [0, 1).
RANGES = {
    "epsilon": (0, math.inf, "(]"),
    **dict.fromkeys(
        ("learning_rate", "l2", "weight_decay", "clip_norm", "clip_value", "momentum_decay"), (0, math.inf, "[]")
    ),
}

FAMILIES = ("dropout", "running_decay")  # each layer has its own, numbered: dropout_0, dropout_1


def family(slot: str) -> str:
    """The name that hyperparameters of different layers have in common: dropout of dropout_0; of others their own."""
    name = slot.rpartition("_")[0]
    return name if name in FAMILIES else slot


def within(name: str, value: object) -> float:
    """The value as a number within the range of the hyperparameter of this name; else SettingError."""
    low, high, ends = RANGES.get(name, (0, 1, "[)"))
    return checks.number(name, value, low, high, ends=ends)
