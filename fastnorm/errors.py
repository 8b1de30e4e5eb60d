"""Every error fastnorm raises on purpose; each names the expected, the given, the place and the way out."""


class FastnormError(Exception):
    """The root: `except FastnormError` catches all that fastnorm itself reports."""


class ShapeError(FastnormError, ValueError):
    """An array's shape does not fit where it was given."""


class DtypeError(FastnormError, TypeError):
    """An array's kind of number does not fit, or is none."""


class DataError(FastnormError, ValueError):
    """The values, columns or files of a user's data cannot be used."""


class SettingError(FastnormError, ValueError):
    """A hyperparameter or option is outside its range or choices."""


class UnknownKeyword(FastnormError, TypeError):
    """A function is given a keyword argument that it does not take."""


class UnknownName(FastnormError, AttributeError):
    """A name is asked for that the module, or a model, does not have."""


class FileError(FastnormError, ValueError):
    """A model or study file is missing, damaged or of another format."""


class MissingExtra(FastnormError, ImportError):
    """An optional dependency is needed and not installed; the message has the pip command."""


class NotBuilt(FastnormError, ImportError):
    """The package is imported from a folder of sources, whose native code was not built."""


class TraceError(FastnormError, TypeError):
    """A forward pass does something that cannot be recorded."""
