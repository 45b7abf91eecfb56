"""Buckets that are directories: what a process that is killed leaves in them."""

from evaldrop.run.results import MANIFEST
from evaldrop.running.workflow import DirectoryStore


def test_a_manifest_is_whole_or_not_there_and_results_can_be_read_while_they_grow(tmp_path):
    store = DirectoryStore()
    with store.create(str(tmp_path), f"results/{MANIFEST}") as manifest:
        manifest.write(b"{}")
        assert not list(tmp_path.rglob(MANIFEST))
    assert (tmp_path / "results" / MANIFEST).read_bytes() == b"{}"
    with store.create(str(tmp_path), "results/SUCCEEDED_0.jsonl") as rows:
        rows.write(b"{}\n")
        rows.flush()
        assert (tmp_path / "results" / "SUCCEEDED_0.jsonl").read_bytes() == b"{}\n"
