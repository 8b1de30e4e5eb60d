"""Words of Keras, PyTorch, scikit-learn and Optuna, and their counterparts in fastnorm, for the end of an error.

Imported where an error is made, so that nothing waits for it.
"""

from collections.abc import Iterable
from difflib import get_close_matches

NAMES = {  # of the module
    "Linear": "fn.Dense(units)", "LazyLinear": "fn.Dense(units)", "Activation": "fn.ReLU(), fn.Tanh() and their like",
    "BatchNormalization": "fn.BatchNorm()", "BatchNorm1d": "fn.BatchNorm()", "LayerNormalization": "fn.LayerNorm()",
    "Add": "fn.Residual(...), or + in a function", "Swish": "fn.SiLU()", "LogSoftmax": "fn.ops.log_softmax",
    "Input": "nothing: the number of features is inferred from the data",
    "InputLayer": "nothing: the number of features is inferred from the data",
    "Flatten": "nothing: rows are vectors, x.reshape(len(x), -1)", "Lambda": "a function: see fn.Model",
    "Module": "a function: see fn.Model", "CrossEntropyLoss": "fn.SoftmaxCrossEntropy()",
    "CategoricalCrossentropy": "fn.SoftmaxCrossEntropy()", "SparseCategoricalCrossentropy": "fn.SoftmaxCrossEntropy()",
    "NLLLoss": "fn.SoftmaxCrossEntropy(), which takes logits", "FocalLoss": "fn.Focal()",
    "BinaryCrossentropy": "fn.SigmoidCrossEntropy()", "BCEWithLogitsLoss": "fn.SigmoidCrossEntropy()",
    "BCELoss": "fn.SigmoidCrossEntropy(), which takes logits", "MSELoss": "fn.MeanSquaredError()",
    "L1Loss": "fn.MeanAbsoluteError()", "HuberLoss": "fn.Huber()", "SmoothL1Loss": "fn.Huber()",
    "CosineAnnealingLR": "fn.schedules.Cosine()", "CosineDecay": "fn.schedules.Cosine()",
    "CosineDecayRestarts": "fn.schedules.CosineRestarts()",
    "CosineAnnealingWarmRestarts": "fn.schedules.CosineRestarts()",
    "StepLR": "fn.schedules.Step(every)", "OneCycleLR": "fn.schedules.OneCycle()",
    "ExponentialLR": "fn.schedules.Exponential(decay_rate)", "ExponentialDecay": "fn.schedules.Exponential(decay_rate)",
    "InverseTimeDecay": "fn.schedules.InverseTime(decay_rate)", "ReduceLROnPlateau": "fn.schedules.ReduceOnPlateau()",
    "EarlyStopping": "model.fit(..., validation=..., patience=5)",
    "ModelCheckpoint": "model.fit(..., validation=...), which keeps the best epoch", "load_model": "fn.load(path)",
    "MLPClassifier": "fn.Sequential(fn.Dense(64), fn.ReLU(), fn.Dense(classes))",
    "MLPRegressor": "fn.Sequential(fn.Dense(64), fn.ReLU(), fn.Dense(1))",
    "LogisticRegression": "fn.Sequential(fn.Dense(classes))", "LinearRegression": "fn.Sequential(fn.Dense(1))",
    "nn": "fn.Dense and its like, without a module between", "optim": "fn.Adam and its like",
    "keras": "fn.Dense and its like, without a module between", "create_study": "fn.tune.caviar(...)",
}  # fmt: skip

ATTRIBUTES = {  # of a model
    "compile": "nothing: loss, optimizer and schedule are arguments of fit",
    "add": "an argument of fn.Sequential, which takes all layers at once",
    "train": "fit, or fn.Run to go step by step", "train_on_batch": "fn.Run(...).advance(minibatches=1)",
    "partial_fit": "fit again, or fn.Run to go step by step", "eval": "nothing: predict is always inference",
    "score": "evaluate(x, y)", "predict_classes": "predict", "predict_log_proba": "logits(x) and fn.ops.log_softmax",
    "decision_function": "logits(x)", "forward": "logits(x)", "get_weights": "arrays", "weights": "arrays",
    "parameters": "arrays", "state_dict": "arrays", "get_params": "arrays", "coef_": "arrays",
    "set_weights": "set_arrays",
    "load_state_dict": "set_arrays", "load_weights": "set_arrays, or fn.load(path)", "save_weights": "save(path)",
    "load": "fn.load(path)", "build": "initialize(features)", "count_params": "summary()",
    "to": "nothing: it is the CPU",
    "history": "what fit returns, or run.history", "optimizer": "an argument of fit", "layers_": "arrays",
}  # fmt: skip

JUDGES = "validation=(x, y), or validation=0.2 for a share of the rows"
AN_ACTIVATION = "a layer of its own: fn.Dense(64), fn.ReLU()"
KEYWORDS = {  # alone, or after the owner's name
    "lr": "learning_rate", "learning_rate_init": "learning_rate", "alpha": "l2", "betas": "beta_1 and beta_2",
    "beta1": "beta_1", "beta2": "beta_2", "eps": "epsilon", "rho": "beta_2", "RMSprop alpha": "beta_2",
    "clipnorm": "clip_norm", "clipvalue": "clip_value", "decay": "weight_decay, or a schedule",
    "BatchNorm momentum": "running_decay, the share of the old average that is kept: PyTorch's 1 - momentum",
    "BatchNorm decay": "running_decay", "p": "rate", "LeakyReLU alpha": "slope", "negative_slope": "slope",
    "activation": AN_ACTIVATION, "kernel_initializer": "initializer", "use_bias": "bias", "out_features": "units",
    "kernel_regularizer": "l2 of the optimizer, as in fn.Adam(l2=1e-4)", "weight_regularizer": "l2 of the optimizer",
    "in_features": "nothing: it is inferred", "num_features": "nothing: it is inferred",
    "input_shape": "nothing: it is inferred", "input_dim": "nothing: it is inferred",
    "normalized_shape": "nothing: it is inferred", "Embedding input_dim": "categories", "num_embeddings": "categories",
    "Embedding output_dim": "units", "embedding_dim": "units", "step_size": "every", "Step gamma": "factor",
    "Exponential gamma": "decay_rate", "T_max": "epochs", "T_0": "cycle", "T_mult": "growth",
    "warmup": "warm_up", "warmup_epochs": "warm_up", "name": "nothing: parameters are named by layer and number",
    "fit lr": "optimizer=fn.Adam(0.01)", "fit learning_rate": "optimizer=fn.Adam(0.01)",
    "Run lr": "optimizer=fn.Adam(0.01)", "Run learning_rate": "optimizer=fn.Adam(0.01)",
    "validation_data": JUDGES, "validation_split": JUDGES, "validation_fraction": JUDGES,
    "eval_set": JUDGES, "early_stopping": "patience=5, with validation", "early_stopping_rounds": "patience",
    "n_iter_no_change": "patience", "callbacks": "a loop of one's own: for epoch in fn.Run(model, x, y): ...",
    "max_iter": "epochs", "n_epochs": "epochs", "num_epochs": "epochs", "nb_epoch": "epochs", "solver": "optimizer",
    "criterion": "loss", "lr_scheduler": "schedule", "scheduler": "schedule", "random_state": "seed",
    "n_jobs": "threads", "workers": "threads", "weights": "sample_weight",
    "shuffle": "nothing: rows are shuffled in each epoch", "metrics": "nothing: the loss has its metric",
    "hidden_layer_sizes": "fn.Dense layers", "label_smooth": "label_smoothing", "smoothing": "label_smoothing",
    "from_logits": "nothing: it takes logits", "Sequential layers": "the layers without a name: fn.Sequential([...])",
    "evaluate verbose": "nothing: it prints nothing", "evaluate batch_size": "nothing: rows do not depend on it",
    "Model outputs": "a function of the inputs: see fn.Model", "batch": "batch_size",
    "caviar n_trials": "trials", "search n_trials": "trials", "caviar n_jobs": "workers", "search n_jobs": "workers",
    "caviar pruner": "halving", "search pruner": "halving",
}  # fmt: skip

VALUES = {  # losses, optimizers, schedules and layers by name
    "mse": "mean_squared_error", "squared_error": "mean_squared_error", "mae": "mean_absolute_error",
    "absolute_error": "mean_absolute_error", "l1": "mean_absolute_error", "cross_entropy": "softmax_cross_entropy",
    "crossentropy": "softmax_cross_entropy", "log_loss": "softmax_cross_entropy",
    "categorical_crossentropy": "softmax_cross_entropy", "sparse_categorical_crossentropy": "softmax_cross_entropy",
    "binary_crossentropy": "sigmoid_cross_entropy", "bce": "sigmoid_cross_entropy", "swish": "silu",
    "logistic": "sigmoid", "linear": "nothing: leave it out", "identity": "nothing: leave it out",
    "momentum": "sgd", "adaptive": "reduce_on_plateau", "invscaling": "inverse_time", "cosine_annealing": "cosine",
    "plateau": "reduce_on_plateau",
}  # fmt: skip


def way_out(words: dict[str, str], word: str, known: Iterable[str], owner: str = "") -> str:
    """Replacement for a word: by a table above, or the known word that is nearest to it, or one of all."""
    if found := words.get(f"{owner} {word}") or words.get(word):
        return f"here it is {found}"
    names = sorted(known)
    by_letters = {name.lower(): name for name in names}
    if near := get_close_matches(word.lower(), by_letters, n=1):
        return f"did you mean {by_letters[near[0]]}?"
    return f"there are {', '.join(names)}"
