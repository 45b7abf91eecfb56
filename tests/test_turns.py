"""A set-up is paid for once: what shares it goes to one worker."""

from types import SimpleNamespace

from xdist import newhooks

from tests import conftest
from tests.turns import group_of, turn_of

COLLECTED = [
    "tests/local_aws/test_one.py::test_a",
    "tests/infra/test_bundles.py::test_a",
    "tests/local_aws/test_two.py::test_b[x@y]",
    "tests/evaldrop/test_three.py::test_c[::]",
    "tests/infra/test_four.py::test_a",
    "tests/evaldrop/test_three.py::test_d",
    "tests/local_aws/test_one.py::test_e",
]


class Worker:
    """Takes what it is told to run, and says nothing."""

    shutting_down = False

    def __init__(self, name):
        self.gateway = SimpleNamespace(id=name)
        self.ran = []

    def send_runtest_some(self, indices):
        self.ran += [COLLECTED[index] for index in indices]

    def shutdown(self):
        self.shutting_down = True


def test_the_tests_of_a_group_are_run_by_one_worker_though_their_ids_name_no_group():
    workers = [Worker("one"), Worker("two")]
    option = SimpleNamespace(loadscopereorder=True)
    config = SimpleNamespace(option=option, getvalue=lambda _name: ["popen", "popen"])
    scheduler = getattr(conftest, newhooks.pytest_xdist_make_scheduler.__name__)(config, None)
    for worker in workers:
        scheduler.add_node(worker)
    for worker in workers:
        scheduler.add_node_collection(worker, COLLECTED)
    scheduler.schedule()
    for worker in workers:
        for nodeid in tuple(worker.ran):
            scheduler.mark_test_complete(worker, COLLECTED.index(nodeid))

    assert sorted(nodeid for worker in workers for nodeid in worker.ran) == sorted(COLLECTED)
    one, other = ({group_of(nodeid) for nodeid in worker.ran} for worker in workers)
    assert one | other == {group_of(nodeid) for nodeid in COLLECTED}
    assert not one & other
    assert len(one | other) == 4
    assert workers[0].ran[:3] == [nodeid for nodeid in COLLECTED if "local_aws" in nodeid]


def test_the_longest_begin_first_and_bundles_once_their_packages_are_there():
    ordered = [group_of(nodeid) for nodeid in sorted(COLLECTED, key=turn_of)]
    assert ordered[:5] == ["tests/local_aws/"] * 3 + ["tests/infra/", "tests/infra/test_bundles.py"]
