"""What a search keeps in its run's folder, and what is said of a file that is none."""

import pytest

from evaldrop import storage
from evaldrop.errors import StorageError
from evaldrop.prompt_search.kept import read_parts, read_search, search_in_words, write_parts, write_search
from evaldrop.prompt_search.search import begin
from evaldrop.prompt_search.state import SearchFile


def test_a_search_is_read_as_it_was_written(tmp_path):
    assert read_search(str(tmp_path)) is None
    assert search_in_words(str(tmp_path)) == ""
    search = begin("tuned", "first", "m", "text", 3)
    kept = SearchFile(turn=3, records={"dev": 4}, judge="judge", searches=(search,), doing="round 1 of 2")
    write_search(str(tmp_path), kept)
    assert read_search(str(tmp_path)) == kept
    assert search_in_words(str(tmp_path)) == "round 1 of 2"


def test_of_a_files_records_only_those_are_kept_that_are_tuned_on(tmp_path):
    assert read_parts(str(tmp_path)) == {}
    write_parts(str(tmp_path), {"a": "train", "b": "test", "c": "dev"})
    assert read_parts(str(tmp_path)) == {"a": "train", "c": "dev"}


@pytest.mark.parametrize("text", [b"", b"[1]", b'{"turn": "x"}', b"\xff"])
def test_a_file_that_is_no_search_is_said_to_be_none_and_says_nothing_itself(tmp_path, text):
    for name in ("search", "parts"):
        storage.write_bytes(str(tmp_path / f"prompts/{name}.json"), text)
    with pytest.raises(StorageError, match="no search for prompts"):
        read_search(str(tmp_path))
    assert search_in_words(str(tmp_path)) == ""
    if text != b'{"turn": "x"}':
        with pytest.raises(StorageError, match="no parts of a dataset"):
            read_parts(str(tmp_path))
