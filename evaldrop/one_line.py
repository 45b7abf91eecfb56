"""Text of unknown origin where one line is wanted: in a sentence, a comment, a message."""


def one_line(text: str, most: int | None = None) -> str:
    """Return a text without line breaks and control characters, at most `most` characters of it."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line if most is None or len(line) <= most else f"{line[: most - 2]} …"
