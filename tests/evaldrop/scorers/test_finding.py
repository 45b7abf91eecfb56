"""Scorers by name: of a file, or of an installed package."""

import sys
from importlib.metadata import EntryPoint, EntryPoints

import pytest

from evaldrop.scorers import finding
from evaldrop.scorers.finding import find_scorer, is_reference


@pytest.fixture(autouse=True)
def _path(monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])


def test_a_module_is_looked_for_in_the_folders_first(tmp_path, monkeypatch):
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    (tmp_path / "first" / "own_scorers_x.py").write_text("class A:\n    f = staticmethod(lambda r, x: 1)\n")
    (tmp_path / "second" / "own_scorers_x.py").write_text("f = None\n")
    monkeypatch.delitem(sys.modules, "own_scorers_x", raising=False)
    folders = [str(tmp_path / "first"), str(tmp_path / "second")]
    assert find_scorer("own_scorers_x:A.f", folders)(None, None) == 1


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        ("no_such_module_x:f", "there is no module no_such_module_x"),
        ("json:no_function", "json has no no_function"),
        ("json:__version__", "cannot be called"),
        ("no-entry-point", "no installed package offers a scorer no-entry-point"),
    ],
)
def test_what_is_not_there_is_told(reference, told):
    with pytest.raises(LookupError, match=told):
        find_scorer(reference)


def test_what_a_module_lacks_itself_is_not_taken_for_the_module(tmp_path):
    (tmp_path / "own_scorers_y.py").write_text("import no_such_package_y\n")
    with pytest.raises(ModuleNotFoundError, match="no_such_package_y"):
        find_scorer("own_scorers_y:f", [str(tmp_path)])


def test_a_package_offers_scorers_by_entry_points(monkeypatch):
    offered = EntryPoints([EntryPoint(name="length", value="builtins:len", group="evaldrop.scorers")])
    monkeypatch.setattr(finding, "entry_points", lambda *, group: offered.select(group=group))
    assert find_scorer("length") is len


@pytest.mark.parametrize("text", ["a:b", "a.b:c.d", "entry-point", "_x"])
def test_names_of_scorers(text):
    assert is_reference(text)


@pytest.mark.parametrize("text", ["", "a b", "a:b:c", "a/b:c", "../a:b", "a:b()", "a:"])
def test_what_names_none(text):
    assert not is_reference(text)
