"""What an operation is: one row for each. Whatever needs to know more than an operation's name asks here.

Functions of one number follow from their rows: the operation in fastnorm.ops, the kernels' doors, the reference's, and
their tests and bench rows. An activation's layer is a class of nn/activations.py without a body.
"""

from collections.abc import Mapping, Sequence
from inspect import Parameter, Signature
from typing import Any, NamedTuple

from .. import checks
from ..errors import TraceError

INFINITY = float("inf")
POSITIONAL = Parameter.POSITIONAL_OR_KEYWORD


class Setting(NamedTuple):
    """A number that an operation takes beside its arrays; the tape keeps it as an attribute.

    default  None where it must be given
    low      the least it may be: a number, or the name of a setting before it
    """

    name: str
    meaning: str = ""
    default: float | None = None
    low: float | str = -INFINITY


class Specification(NamedTuple):
    """One operation.

    name              on the tape, in fastnorm.ops and in the native registry
    value             of a function of one number x: its result y, as a formula
    gradient          and what the gradient dy of y becomes, that of x
    source            the paper it comes from
    settings          its numbers, in the order in which the native passes take them
    stopped           places of the inputs through which no gradient flows
    in_place          places of the inputs whose gradient backward may write over the result's, where they are alike
    keeps_statistics  forward keeps mean and deviation of each column or row, and backward writes every gradient
    ends_recording    it is a loss, which a program that learns ends in
    joins_relu        it may take over the ReLU behind it, as its attribute relu
    activation        whether it makes a hidden layer's outputs; diagnostics look at such operations
    dead              of an activation: a unit that is no farther from 0 than this, whatever the row, learns nothing
    saturated         of an activation: beyond these results, in multiples of its setting if it has one, hardly any
                      gradient comes through
    gives             which numbers it gives, in words, where these are not any
    spoils            losses, by the activation they apply themselves, that it leaves no way to the right answer if it
                      comes last
    positive          whether it wants numbers above 0
    work              floating-point operations for each element; 0 where numbers only move
    """

    name: str
    value: str = ""
    gradient: str = ""
    source: str = ""
    settings: tuple[Setting, ...] = ()
    stopped: tuple[int, ...] = ()
    in_place: tuple[int, ...] = ()
    keeps_statistics: bool = False
    ends_recording: bool = False
    joins_relu: bool = False
    activation: bool = False
    dead: float | None = None
    saturated: tuple[float, float] | None = None
    gives: str = ""
    spoils: tuple[str, ...] = ()
    positive: bool = False
    work: int = 1

    @property
    def summary(self) -> str:
        """Of a function of one number: its formula and where it comes from, as a docstring begins."""
        return f"{self.value}.{'  Source: ' if self.source else ''}{self.source}{'.' if self.source else ''}"

    def signature(self, *arrays: str, **keywords: Any) -> Signature:
        """Of a function that takes arrays of these names, then the settings, and keywords with these defaults."""
        given = [Parameter(name, POSITIONAL) for name in arrays]
        for setting in self.settings:
            default = Parameter.empty if setting.default is None else setting.default
            given.append(Parameter(setting.name, POSITIONAL, default=default))
        given += [Parameter(name, Parameter.KEYWORD_ONLY, default=default) for name, default in keywords.items()]
        return Signature(given)

    def require(self, owner: str, given: Mapping[str, Any]) -> dict[str, float]:
        """The settings as numbers, each in its range; `owner` begins the words of a SettingError."""
        settings: dict[str, float] = {}
        for name, _, _, low in self.settings:
            least = settings[low] if isinstance(low, str) else low
            settings[name] = checks.number(f"{owner} {name}", given[name], least)
        return settings


def bind(owner: str, signature: Signature, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> dict[str, Any]:
    """What a function of this signature was called with, defaults included; `owner` begins the words of a TypeError."""
    try:
        given = signature.bind(*arguments, **keywords)
    except TypeError as error:
        raise TypeError(f"{owner}: {error}") from None
    given.apply_defaults()
    return given.arguments


def introduced(function: Any, module: str, name: str, words: str, signature: Signature) -> Any:
    """A function that was made from a row, as the module's own of this name, with its docstring and signature."""
    function.__module__, function.__name__, function.__qualname__ = module, name, name
    function.__doc__, function.__signature__ = words, signature
    return function


def _function(name: str, value: str, gradient: str, **facts: object) -> Specification:
    """A function of one number; its backward may work in place."""
    return Specification(name, value, gradient, in_place=(0,), **facts)  # type: ignore[arg-type]


BOTH = ("softmax", "sigmoid")
SLOPE = Setting("slope", "of the negative side, at least 0", 0.01, 0)
ALPHA = Setting("alpha", "minus the limit at -inf, at least 0", 1.0, 0)
LIMITS = (Setting("low", "finite"), Setting("high", "finite, at least low", low="low"))
EPSILON = (Setting("epsilon"),)

_ROWS = (
    _function("exp", "e to the power of x", "dy y"),
    _function("log", "The natural logarithm of x: -inf at 0, nan below", "dy / x", positive=True),
    _function("sqrt", "The square root of x: nan below 0, an infinite gradient at 0", "dy / (2 y)", positive=True),
    _function("sin", "The sine of x in radians, exact however large x is", "dy cos(x)"),
    _function("cos", "The cosine of x in radians, exact however large x is", "-dy sin(x)"),
    _function("abs", "|x|, with gradient 0 at 0", "dy with the sign of x, 0 where x is 0"),
    _function(
        "tanh", "The hyperbolic tangent of x", "dy (1 - y^2)",
        activation=True, saturated=(-0.99, 0.99), gives="numbers from -1 to 1", spoils=BOTH,
    ),
    _function(
        "sigmoid", "1 / (1 + exp(-x))", "dy y (1 - y)",
        activation=True, saturated=(0.01, 0.99), gives="numbers from 0 to 1", spoils=("softmax",),
    ),
    _function(
        "relu", "max(0, x), with gradient 0 at 0; nan stays nan", "dy where y > 0, else 0",
        activation=True, dead=0.0, gives="numbers >= 0", spoils=BOTH,
    ),
    _function(
        "leaky_relu", "x where x > 0, else slope x", "dy where x > 0, else slope dy",
        source="Maas, Hannun & Ng 2013", settings=(SLOPE,), activation=True,
    ),
    _function(
        "elu", "x where x > 0, else alpha (exp(x) - 1)", "dy where x > 0, else dy alpha exp(x)",
        source="Clevert, Unterthiner & Hochreiter 2016", settings=(ALPHA,), activation=True,
        saturated=(-0.99, INFINITY), gives="numbers above -alpha", spoils=("sigmoid",),
    ),
    _function(
        "selu", "1.0507 x where x > 0, else 1.7581 (exp(x) - 1): mean 0 and variance 1 stay so from layer to layer",
        "1.0507 dy where x > 0, else 1.7581 dy exp(x)", source="Klambauer et al. 2017", activation=True,
        saturated=(-1.7405, INFINITY), gives="numbers above -1.76", spoils=("sigmoid",),
    ),
    _function(
        "gelu", "x times the share of the normal distribution below x, exactly; 0 at -inf",
        "dy (Phi(x) + x phi(x)), phi the normal density and Phi its integral",
        source="Hendrycks & Gimpel 2016", activation=True, dead=1e-3, gives="numbers above -0.17", spoils=("sigmoid",),
    ),
    _function(
        "silu", "x sigmoid(x), also called swish; 0 at -inf", "dy s (1 + x (1 - s)), where s is sigmoid(x)",
        source="Elfwing, Uchibe & Doya 2018", activation=True, dead=1e-3, gives="numbers above -0.28",
        spoils=("sigmoid",),
    ),
    _function(
        "softplus", "log(1 + exp(x)), without overflow", "dy sigmoid(x)",
        activation=True, gives="numbers above 0", spoils=("sigmoid",),
    ),
    _function(
        "mish", "x tanh(log(1 + exp(x))); 0 at -inf", "dy (t + x s (1 - t^2)), where s is sigmoid(x) and t x is y",
        source="Misra 2019", activation=True, dead=1e-3, gives="numbers above -0.31", spoils=("sigmoid",),
    ),
    _function(
        "clip", "x kept within [low, high]; nan stays nan, gradient 0 outside", "dy where low <= x <= high, else 0",
        settings=LIMITS,
    ),
    Specification("add", in_place=(0, 1)),
    *(Specification(name) for name in ("subtract", "multiply", "divide", "power", "maximum", "minimum")),
    *(Specification(name, stopped=(0, 1)) for name in ("less", "less_equal", "equal", "not_equal")),
    Specification("where", stopped=(0,)),
    Specification("dense", joins_relu=True),  # its work depends on its inputs
    Specification(
        "batchnorm", settings=EPSILON, stopped=(3, 4, 5), in_place=(0,), keeps_statistics=True, joins_relu=True, work=9
    ),
    Specification("normalize", stopped=(3, 4), joins_relu=True),
    Specification("layernorm", settings=EPSILON, in_place=(0,), keeps_statistics=True, work=9),
    Specification("softmax", in_place=(0,), gives="shares that add up to 1", spoils=("sigmoid",), work=4),
    Specification("log_softmax", in_place=(0,), gives="numbers below 0", spoils=("sigmoid",), work=4),
    Specification("dropout", in_place=(0,), work=2),
    Specification("embedding", stopped=(1,), work=0),
    Specification("locate", stopped=(0, 1), gives="bins and places of columns"),
    Specification("piecewise", stopped=(0,), work=2),
    Specification("one_hot", stopped=(0,), work=0),
    Specification("hits", stopped=(0, 1)),
    *(Specification(name) for name in ("sum", "mean", "max")),
    *(Specification(name, work=0) for name in ("reshape", "transpose", "concatenate", "part")),
    Specification(
        "softmax_cross_entropy", settings=(Setting("label_smoothing"),), stopped=(1, 2), ends_recording=True, work=6
    ),
    Specification("mean_squared_error", stopped=(1, 2), ends_recording=True),
    Specification("weighted_mean", stopped=(1, 2), ends_recording=True),
)  # fmt: skip
OPERATIONS = {row.name: row for row in _ROWS}
FUNCTIONS = tuple(row for row in _ROWS if row.value)
ACTIVATIONS = tuple(row.name for row in _ROWS if row.activation)


def of(name: str) -> Specification:
    """The row of an operation; TraceError where there is none."""
    if name not in OPERATIONS:
        raise TraceError(f"no operation named {name!r}; there are {', '.join(sorted(OPERATIONS))}")
    return OPERATIONS[name]
