"""Which tests share a worker, and which begin first."""

from xdist.scheduler import LoadScopeScheduling

TOGETHER = ("tests/local_aws/", "tests/infra/test_bundles.py", "tests/infra/")
"""What is set up once for several files: a local AWS, templates. Else the tests of a file are together."""

# Whole runs and what takes longest to set up: a worker that begins it last is waited for. Bundles need the
# packages that the local AWS has installed by then, and kept.
_FIRST = (
    "tests/local_aws/",
    "tests/infra/",
    "tests/browser/",
    "tests/infra/test_bundles.py",
    "tests/test_",
    "tests/benchmarks/",
)


def group_of(nodeid):
    """Return what a test shares its worker with: each of several would set it up anew."""
    file = nodeid.partition("::")[0]
    return next((name for name in TOGETHER if file.startswith(name)), file)


def turn_of(nodeid):
    """Return a number that sorts a test behind those that are to begin before it."""
    own = [name for name in _FIRST if nodeid.startswith(name)]
    return _FIRST.index(max(own, key=len)) if own else len(_FIRST)


class Groups(LoadScopeScheduling):
    """
    Gives each group to one worker, in the order of collection.

    xdist's own marks of groups are written into the tests' ids, where pytest from 9.2 no longer lets it: each
    test would be a group of its own, without a word.
    """

    def __init__(self, config, log=None):
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid):
        return group_of(nodeid)
