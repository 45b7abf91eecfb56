"""The pictures of README and docs are there, small, and shown; what makes them says what is missing."""

import struct
import zlib

import numpy as np
import pytest

from tests.browser.pictures import MOST_BYTES, PLACE, REPORT, ROOT, SHOTS, take, with_few_colours


def decoded(content):
    """Return a palette PNG's pixels, as `with_few_colours` writes it: one chunk of each kind, no filters."""
    chunks, at = {}, 8
    while at < len(content):
        (length,) = struct.unpack_from(">I", content, at)
        chunks[content[at + 4 : at + 8]] = content[at + 8 : at + 8 + length]
        at += 12 + length
    width, height = struct.unpack_from(">II", chunks[b"IHDR"])
    palette = np.frombuffer(chunks[b"PLTE"], np.uint8).reshape(-1, 3)
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, width + 1)
    assert not rows[:, 0].any()
    return palette[rows[:, 1:]]


@pytest.mark.parametrize("shot", SHOTS, ids=lambda shot: shot.name)
def test_a_picture_is_there_small_of_its_size_and_shown_by_readme_or_docs(shot):
    picture = PLACE / f"{shot.name}.png"
    content = picture.read_bytes()
    shown = [page for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))
             if f"pictures/{picture.name}" in page.read_text()]  # fmt: skip

    assert len(content) <= MOST_BYTES
    assert struct.unpack_from(">II", content, 16) == (shot.width, shot.height)
    assert shown


def test_no_picture_is_there_that_nothing_makes():
    assert {picture.name for picture in PLACE.iterdir()} == {f"{shot.name}.png" for shot in SHOTS}


def test_the_readme_shows_the_report_and_the_bench():
    readme = (ROOT / "README.md").read_text()

    assert "](docs/pictures/report.png)" in readme
    assert "](docs/pictures/bench.png)" in readme


def test_an_image_of_few_colours_is_kept_as_it_is():
    image = np.zeros((3, 5, 3), np.uint8)
    image[1, 2] = (255, 128, 7)

    assert (decoded(with_few_colours(image)) == image).all()


def test_the_rarest_of_many_colours_become_the_nearest():
    image = np.zeros((3, 256, 3), np.uint8)
    image[:, :, 0] = np.arange(256)
    common = image.copy()
    image[2, :, 1] = 1

    assert (decoded(with_few_colours(image)) == common).all()


class PageWithoutAnything:
    def run(self, _expression):
        return False


def test_a_picture_of_what_is_not_there_is_not_made():
    with pytest.raises(
        SystemExit, match=r"no h1 on the page, so this would not be the report's first screen"
    ):
        take(PageWithoutAnything(), REPORT)
