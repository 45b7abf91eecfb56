"""Which records of a run have a result, and which are left for it to go on with."""

from collections.abc import Iterable

from evaldrop.run.results import SKIPPED_BY_BUDGET, open_lines, parse_row, read_manifest, row_output


def records_with_results(manifests: Iterable[str]) -> frozenset[str]:
    """
    Return the IDs of the records that came to an end; one that was skipped, or whose child failed, did not.

    Args:
        manifests: URIs of the manifests of the run's Map runs.

    Raises:
        StorageError: A file cannot be read.
    """
    found = set[str]()
    for uri in manifests:
        for results in read_manifest(uri).succeeded:
            with open_lines(results) as lines:
                for line in filter(bytes.strip, lines):
                    output = row_output(parse_row(line))
                    if output.get("skipped") != SKIPPED_BY_BUDGET and "record_id" in output:
                        found.add(output["record_id"])
    return frozenset(found)
