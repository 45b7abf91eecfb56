"""Where scorers are looked for, and what tells that their code is another."""

from pathlib import Path

from evaldrop.steps.prepare_scores.folders import code_digest, import_folders


def test_beside_the_evaluation_comes_before_here(tmp_path):
    uri = str(tmp_path / "evaluation.yaml")
    assert import_folders(uri) == (str(tmp_path), str(Path.cwd()))
    assert import_folders("s3://bucket/evaluation.yaml") == import_folders(None) == (str(Path.cwd()),)


def test_other_code_has_another_digest(tmp_path):
    (tmp_path / "pack").mkdir()
    first, second = tmp_path / "pack" / "mine.py", tmp_path / "pack" / "__init__.py"
    first.write_text("a")
    second.write_text("b")
    before = code_digest("pack.mine:f", [str(tmp_path)])
    assert before != code_digest("pack:f", [str(tmp_path)])
    first.write_text("c")
    assert before != code_digest("pack.mine:f", [str(tmp_path)])


def test_what_is_installed_is_taken_for_what_it_was(tmp_path):
    assert code_digest("json:loads", [str(tmp_path)]) == ""
