"""What both stores say when they refuse."""

from evaldrop.errors import Conflict, InputError


def conflict(run_id: str) -> Conflict:
    """Return what is said of a run's ID that another request has used."""
    return Conflict(f'there is a run "{run_id}" that was asked for by another request.')


def key_conflict(key_id: str) -> Conflict:
    """Return what is said of a key that is there, or whose secret is."""
    return Conflict(f'there is a key "{key_id}" already, or another one of the same secret.')


def unknown_run(run_id: str) -> InputError:
    """Return what is said of a run that nobody has noted."""
    return InputError(f'there is no run "{run_id}".')


def unknown_key(key_id: str) -> InputError:
    """Return what is said of a key that nobody has added."""
    return InputError(f'there is no key "{key_id}". evaldrop keys list shows those there are.')
