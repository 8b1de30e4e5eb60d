"""The names by which a person means hyperparameters, as slots of a run."""

from collections.abc import Mapping

from ...errors import SettingError
from ...training.run import Run


def named(run: Run, settings: Mapping[str, float]) -> dict[str, float]:
    """The slots that these settings mean, and their values; see Panda.nudge."""
    if not settings:
        raise SettingError(f"nudge: expected hyperparameters out of {', '.join(run.slots)}, got none")
    slots: dict[str, float] = {}
    for name, value in settings.items():
        for slot in slots_of(run, name):
            if slot in slots:
                raise SettingError(f"nudge: {slot} is asked for twice")
            slots[slot] = run.base_for(slot, value)
    return slots


def slots_of(run: Run, name: str) -> list[str]:
    """The slots that one name means; SettingError, which lists those there are, for a name that means none."""
    if name == "momentum" and "beta_1" in run.slots:
        return ["beta_1"]
    slots: list[str] = run.program.state.slots_of(name)
    return slots
