"""What can go wrong, each with the exit code that the command line ends on.

Every message is one sentence a user can act on: what was expected, what came, what to do.
"""


class OmoteError(Exception):
    """The root of every error that is told to a user without a traceback."""

    exit_code = 1


class UsageError(OmoteError):
    """The command was asked for something that makes no sense: an unknown style, a size of zero."""

    exit_code = 2


class InputError(OmoteError):
    """A file or folder given by the user cannot be used: missing, broken, empty, too large, not what it says."""

    exit_code = 3


class NobodyError(InputError):
    """The picture can be read, but no person (or not the person asked for) is in it."""


class ConsentError(OmoteError):
    """There is no consent record for a likeness, or it does not cover this use."""

    exit_code = 4


class WeightsError(OmoteError):
    """Weights are missing, damaged, of another version, or in a format that could run code."""

    exit_code = 5


class OutputError(OmoteError):
    """A result cannot be written: no space, no permission, no such folder."""

    exit_code = 6


class UnavailableError(OmoteError):
    """This machine lacks something optional that the request needs; the message names it and how to get it."""

    exit_code = 7


class ProvenanceError(OmoteError):
    """A seal, certificate or manifest is missing or does not hold."""

    exit_code = 8


class ShapeError(OmoteError, ValueError):
    """A tensor or array has another shape than the signature says: a mistake of the calling code."""


INTERRUPTED = 130
"""Exit code after Ctrl-C; the job can be resumed with the same command."""
