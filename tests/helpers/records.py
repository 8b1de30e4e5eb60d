"""A study's facts, a trial that has ended, and its curve, for tests of what is recorded."""

import json
from dataclasses import replace

from fastnorm.training.run import Epoch
from fastnorm.tune import Choice, Float, Trial
from fastnorm.tune.search.work import Outcome
from fastnorm.tune.space.space import pack_space

SPACE = {"learning_rate": Float(1e-4, 0.1, scale="log"), "hidden": Choice([[3], [4, 5]])}
FACTS = json.loads(json.dumps({"metric": "accuracy", "seed": 3, "epochs": 2, "space": pack_space(SPACE)}))
TRIAL = Trial(0, {"learning_rate": 0.1, "hidden": [4, 5]}, 11)
CURVE = [Epoch(1, 0.5, 0.7, 0.6, 0.6, 0.1, 2.5, 0.01), Epoch(2, 0.1 + 0.2, 0.8, 0.5, 0.7, 0.05, 1.5, 0.01)]
ENDED = replace(TRIAL, state="finished", score=0.7, loss=0.5, best_epoch=2, epochs=2, seconds=0.1)


def end(record, trial, curve=(), model=None, state=()):
    record.start(trial)
    record.take(Outcome(trial, list(curve), model, state))
    record.commit()
