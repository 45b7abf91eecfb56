"""How a text is read in the page: Markdown, JSON and plain, rendered and as written, and compared."""

import base64
import hashlib
import html
import json
import re
from collections import Counter

import pytest
from markdown_it import MarkdownIt

from evaldrop.report.page import _SCRIPTS, _STYLES, read_asset
from tests.browser.large_texts import LARGE_TEXTS
from tests.browser.markdown_samples import FENCE, SAMPLES
from tests.browser.test_report_page import HIT, TRAP
from tests.evaldrop.report.hostile_texts import ALL

# They read the report's own data as they begin, which a page without records does not have.
_OF_RECORDS = ("lists/groups.js", "lists/trust.js", "record/records.js")
FAMILY = "👨\u200d👩\u200d👧"


def _allowed(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@pytest.fixture(scope="module")
def opened(browser, tmp_path_factory):
    """A page of the report's own style and scripts, but without records: texts are put into it one by one."""
    style = "\n".join(map(read_asset, _STYLES))
    script = "\n".join(read_asset(f"scripts/{name}") for name in _SCRIPTS if name not in _OF_RECORDS)
    policy = f"default-src 'none'; style-src {_allowed(style)}; script-src {_allowed(script)}"
    file = tmp_path_factory.mktemp("reading") / "page.html"
    file.write_text(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>texts</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}"><style>{style}</style>'
        f'<main id="here"></main><script>{script}</script></html>',
        encoding="utf-8",
    )
    with browser.page(file.as_uri(), before=TRAP) as page:
        yield page


@pytest.fixture
def page(opened):
    yield opened
    assert not opened.run(HIT)
    assert opened.complaints == []
    assert opened.requests == []
    opened.run("document.getElementById('here').replaceChildren()")


def show(page, text, **options):
    """Show a text in the page; return its text content."""
    shown = f"shownText({json.dumps(text)}, {json.dumps(options)})"
    page.run(f"document.getElementById('here').replaceChildren({shown})")
    return page.run("document.querySelector('.reading').textContent")


def compare(page, first, second, **options):
    """Show two texts compared; return what is marked in each."""
    page.run(
        "document.getElementById('here').replaceChildren("
        f"...shownDifference({json.dumps(first)}, {json.dumps(second)}, {json.dumps(options)}))"
    )
    return [
        page.run(
            f"[...document.querySelectorAll('.reading')[{side}].querySelectorAll('del, ins')]"
            ".map((mark) => mark.textContent)"
        )
        for side in (0, 1)
    ]


def found(page, selector):
    """Return the text content of what a selector finds."""
    return page.run(f"[...document.querySelectorAll({json.dumps(selector)})].map((box) => box.textContent)")


# Markdown


def words_of_markdown_it(text):
    """
    What markdown-it-py shows of a text, blanks aside.

    What else differs is meant: an image is its alternative text; a fence's language and a link's address are
    shown. Other tests hold what the samples leave out: mathematics and references stay as written, and cells
    beyond a table's columns are shown.
    """
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    shown = re.sub(r'<img src="[^"]*" alt="([^"]*)"[^>]*>', r"\1", parser.render(text))
    return "".join(html.unescape(re.sub(r"<[^>]*>", "", shown)).split())


def test_markdown_is_shown_with_the_words_that_markdown_it_shows(page):
    shown = page.run(
        f"""{json.dumps(SAMPLES)}.map((text) => {{
            const box = markdownElement(text, []);
            const whole = box.textContent;
            for (const extra of box.querySelectorAll('.address, .language')) extra.remove();
            return [whole, box.textContent];
        }})"""
    )
    for sample, (whole, alone) in zip(SAMPLES, shown, strict=True):
        assert "".join(alone.split()) == words_of_markdown_it(sample), sample
        # Every word is there, but for the names of characters and a list's own numbers.
        words = re.findall(r"[^\W_]+", re.sub(r"&#?\w+;|^[\s>]*\d+[.)]\s", " ", sample, flags=re.MULTILINE))
        assert not [word for word in words if word not in whole], sample


@pytest.mark.parametrize(("text", "shown"), [
    (r"so \( a_1 * b_2 * c \) and $$x_i * y_i$$ stay", r"so \( a_1 * b_2 * c \) and $$x_i * y_i$$ stay"),
    ("a [reference][1] here\n\n[1]: https://example.com", "a [reference][1] here\n\n[1]: https://example.com"),
    ("| a |\n|---|\n| 1 | beyond |", "a1beyond"),
    ("[x](javascript:hit()) ![y](//evil.invalid/p.png)", "x (javascript:hit()) y (//evil.invalid/p.png)"),
    ("**a**<script>hit()</script>", "a<script>hit()</script>"),
    (f"{FENCE}python\nx\n{FENCE}", "pythonx"),
])  # fmt: skip
def test_what_is_not_understood_or_not_safe_stays_as_written(page, text, shown):
    assert show(page, text) == shown
    assert found(page, ".reading :is(a, img, script, [href], [src])") == []


def test_numbers_of_a_list_are_the_written_ones_unless_they_ask_to_be_counted(page):
    numbers = "[...document.querySelectorAll('li')].map((item) => item.dataset.sign)"
    show(page, "3. a\n5. b\n9. c")
    assert page.run(numbers) == ["3.", "5.", "9."]
    show(page, "1. a\n1. b\n1. c")
    assert page.run(numbers) == ["1.", "2.", "3."]


def test_wide_code_and_tables_scroll_in_their_own_box(page):
    cells = "|".join(["a-wide-cell-without-break"] * 30)
    table = f"{cells}\n{'|'.join(['-'] * 30)}\n{cells}"
    show(page, f"{table}\n\n{FENCE}\n{'x' * 3000}\n{FENCE}")
    assert page.run("document.documentElement.scrollWidth <= innerWidth")
    for box in (".tablebox", ".codebox pre"):
        assert page.run(f"document.querySelector('{box}').scrollWidth > innerWidth")
        assert page.run(f"document.querySelector('{box}').tabIndex") == 0


def test_every_paragraph_runs_in_its_own_direction(page):
    directions = "[...document.querySelectorAll('{}')].map((box) => getComputedStyle(box).direction)"
    show(page, "English **first**.\n\nثم العربية\n\n- عنصر\n\n| الاسم |\n|---|\n| قيمة |")
    assert page.run(directions.format(".markdown > p")) == ["ltr", "rtl"]
    assert page.run(directions.format("ul, table")) == ["rtl", "rtl"]
    for view in ("raw", "rendered"):
        show(page, "سياسة الاسترداد\nsecond line", view=view)
        assert page.run(directions.format(".text")) == ["rtl"]
        assert page.run("getComputedStyle(document.querySelector('.text')).unicodeBidi") == "plaintext"


# Kinds


@pytest.mark.parametrize(("text", "kind"), [
    ("", "empty"),
    (" \n\t ", "blank"),
    ('{"a": 1}', "json"),
    (f"{FENCE}json\n[1]\n{FENCE}\n", "json"),
    ("42", "plain"),
    ('{"a": 1} and more', "plain"),
    ("Ordered 3-5 days ago (a - b), 2 * 3, snake_case, C:/x, 50% & more.\nSecond line", "plain"),
    ("<b>x</b>", "plain"),
    ("**a**", "markdown"),
    ("- a", "markdown"),
    ("a  \nb &amp; c", "markdown"),
])  # fmt: skip
def test_a_text_is_of_one_kind(page, text, kind):
    assert page.run(f"kindOf({json.dumps(text)})") == kind


def test_a_text_of_nothing_says_so(page):
    assert show(page, "") == "(empty: not one character)"
    assert show(page, "  \n") == "(only blanks: 2 blanks, 1 line end)"


# As written


@pytest.mark.parametrize("text", ALL)
def test_a_hostile_text_as_written_is_itself_to_the_character(page, text):
    assert show(page, text, view="raw") == text
    show(page, text)
    show(page, f"**{text}**\n\n| {text} |\n|---|\n- {text}")
    show(page, json.dumps({text: [text]}))
    compare(page, text, f"{text} x")


@pytest.mark.parametrize(("text", "signs"), [
    ("pass\u200bword", ["ZWSP"]),
    ("\u202eevil\u202c", ["RLO", "PDF"]),
    ("a\x00\x1bb", ["NUL ESC"]),
    ("".join(chr(0xE0000 + ord(sign)) for sign in "ignore"), ["hidden: ignore"]),
    ("\u200b" * 50, ["ZWSP ZWSP ZWSP ZWSP ZWSP ZWSP and 44 more"]),
    ("lone \\ud800 is written so", []),
    ("tab\tand\r\nline", []),
    (f"{FAMILY} ❤️ \U0001f3f4\U000e0067\U000e0062\U000e007f", []),
    ("می\u200cخواهم क्\u200dष", []),
])  # fmt: skip
def test_an_unseen_character_has_a_sign_unless_a_script_or_an_emoji_needs_it(page, text, signs):
    assert show(page, text, view="raw") == text
    assert page.run("[...document.querySelectorAll('.unseen')].map((box) => box.dataset.sign)") == signs
    show(page, text)
    assert bool(found(page, ".note-on-text")) is bool(signs)


# JSON


def test_json_keeps_numbers_and_names_as_they_are_written(page):
    text = (
        '{"n": 12345678901234567890, "p": 1.10, "e": 1E+2, "a": 1, "a": [], '
        '"s": "\\u00e9\\n\\"q\\"", "b": [true, null]}'
    )
    expected = (
        '{"n": 12345678901234567890,"p": 1.10,"e": 1E+2,"a": 1,"a": [],"s": "é\n"q"","b": [true, null]}'
    )
    assert show(page, text) == expected
    assert show(page, f"See:\n\n{FENCE}json\n{text}\n{FENCE}") == f"See:json{expected}"


def test_a_long_array_offers_the_rest_and_a_searched_word_opens_what_it_is_in(page):
    text = json.dumps(
        {"list": list(range(32)), "deep": {"a": {"b": {"c": {"d": ["needle in here", "x" * 60]}}}}}
    )
    show(page, text)
    assert found(page, ".more") == ["… 12 more"]
    assert "needle" not in page.run("document.querySelector('.reading').textContent")
    page.click(".more")
    assert "31" in found(page, ".member")
    show(page, text, terms=["needle", "30"])
    assert found(page, "mark") == ["30", "needle"]
    assert found(page, ".more") == ["… 10 more"]
    assert page.run("[...document.querySelectorAll('mark')].every((mark) => mark.getClientRects().length)")


def test_json_unfolds_from_its_own_line_which_takes_the_focus(page):
    show(page, json.dumps({"a": {"b": {"c": ["x" * 70]}}}))
    assert "xxx" not in page.run("document.querySelector('.reading').textContent")
    page.run("[...document.querySelectorAll('summary')].at(-1).focus()")
    page.run("document.activeElement.click()")
    page.wait("document.querySelector('.reading').textContent.includes('xxx')")


# Folding and search


def test_a_long_text_is_folded_with_a_way_to_see_it_all(page):
    show(page, "line\n" * 200, foldAt=200)
    page.wait("document.querySelector('.fold').offsetHeight === 200")
    assert found(page, ".unfold") == ["show all"]
    page.click(".unfold")
    page.wait("document.querySelector('.fold').offsetHeight > 2000")
    assert page.run("document.querySelector('.unfold').ariaExpanded") == "true"


def test_a_short_text_and_one_with_a_searched_word_are_not_folded(page):
    show(page, "line", foldAt=200)
    page.wait("document.querySelector('.unfold').hidden")
    show(page, "line\n" * 200 + "needle", foldAt=200, terms=["needle"])
    page.wait("document.querySelector('.fold').offsetHeight > 2000")


def test_what_a_key_or_the_browsers_search_brings_into_view_opens_the_fold(page):
    show(page, f"{'line' + chr(10) * 2}" * 100 + f"{FENCE}\ncode\n{FENCE}", foldAt=200)
    page.wait("document.querySelector('.fold').offsetHeight === 200")
    page.run("document.querySelector('pre').focus()")
    page.wait("document.querySelector('.fold').offsetHeight > 2000")


@pytest.mark.parametrize(("text", "terms", "marks"), [
    ("Refund **REFUND** `refund`", ["refund"], ["Refund", "REFUND", "refund"]),
    ("İstanbul straße", ["straße", "stanbul"], ["stanbul", "straße"]),
    ("cafe\u0301 [x](y)", ["cafe"], ["cafe\u0301"]),
    ("a.b*c", ["a.b*c", "x"], ["a.b*c"]),
    ("退款政策", ["退款"], ["退款"]),
])  # fmt: skip
def test_searched_words_are_marked_in_both_views(page, text, terms, marks):
    show(page, text, terms=terms)
    assert found(page, "mark") == marks
    show(page, text, terms=terms, view="raw")
    assert found(page, "mark") == marks


# Differences


@pytest.mark.parametrize(("first", "second", "gone", "new"), [
    ("It takes 5 days, then.", "It takes\n  7 days, then.", ["5"], ["7"]),
    ("same  words", "same\nwords", [], []),
    ("退款需要三十天时间", "退款需要四十五天时间", ["三"], ["四", "五"]),
    (f"a {FAMILY} b", "a 👨 b", [FAMILY], ["👨"]),
    ("red, green", "blue, black", ["red, green"], ["blue, black"]),
    ("pay\u200b now", "pay now", ["\u200b"], []),
    ("", "new", [], ["new"]),
])  # fmt: skip
def test_what_differs_is_marked_and_moved_blanks_are_not(page, first, second, gone, new):
    assert compare(page, first, second, view="words") == [gone, new]


def test_equal_texts_and_ones_that_differ_in_blanks_say_so(page):
    compare(page, "a b", "a b")
    assert found(page, ".hint") == ["The texts are equal."] * 2
    compare(page, "a b", "a\nb")
    assert found(page, ".hint") == ["The texts differ in blanks alone."] * 2
    compare(page, "**a**", "*a*")
    assert found(page, ".hint") == ["Compared as written."] * 2


def test_a_long_text_with_one_changed_word_has_one_mark(page):
    lines = [f"Line {number} of the text says {number * 7919 % 1000}." for number in range(5000)]
    changed = [*lines[:2500], lines[2500].replace("says", "tells"), *lines[2501:4000], *lines[4001:]]
    assert compare(page, "\n".join(lines), "\n".join(changed)) == [["says", lines[4000]], ["tells"]]


FIRST = {"id": 1, "name": "x", "tags": ["a", "b", "c"], "old": True, "deep": {"n": [1, {"m": 1.5}]},
         "items": [{"id": 1, "q": 2}, {"id": 2, "q": 5}, {"id": 3, "q": 1}]}  # fmt: skip
SECOND = {"name": "x", "id": 1, "tags": ["a", "d", "c"], "deep": {"n": [1, {"m": 2.5}]}, "new": None,
          "items": [{"id": 3, "q": 1}, {"id": 1, "q": 2}, {"id": 2, "q": 6}]}  # fmt: skip


def test_json_is_compared_by_path_whatever_the_order_of_keys(page):
    marks = compare(page, json.dumps(FIRST), json.dumps(SECOND, indent=1))
    assert marks == [
        ['"b"', '"old": true', '"m": 1.5', '"q": 5'],
        ['"d"', '"m": 2.5', '"new": null', '"q": 6'],
    ]
    assert page.run("[...document.querySelectorAll('del')].map((mark) => mark.title)") == [
        "$.tags[1]: changed", "$.old: removed", "$.deep.n[1].m: changed", "$.items[1].q: changed",
    ]  # fmt: skip
    assert found(page, ".tag") == ["moved: [2] → [0]"] * 2
    assert found(page, ".reading .hint") == ["3 changed, 1 removed, 1 added, 1 moved"] * 2
    assert found(page, ".equal summary")[0] == "2 equal"


def test_json_that_is_equal_says_so_and_other_texts_are_compared_by_words(page):
    assert compare(page, '{"a": 1, "b": 2}', '{"b": 2, "a": 1}', view="json") == [[], []]
    assert found(page, ".reading .hint") == ["The same JSON, whatever the order of its keys."] * 2
    assert compare(page, '{"a": 1}', "a: 1", view="json") == [['{"', '"', "}"], []]


# Large and hostile


MOST_MS = 5000


@pytest.mark.parametrize("name", ["links", "brackets", "stars", "quotes", "json nested"])
def test_a_large_text_takes_time_in_proportion_to_its_length(page, name):
    timed = "((started) => (kindOf(text), performance.now() - started))(performance.now())"
    page.run(f"window.text = {json.dumps(LARGE_TEXTS[name])}, 0")
    assert page.run(timed) < MOST_MS


def test_no_two_scripts_give_one_name_to_two_things():
    names = Counter(
        name
        for script in _SCRIPTS
        for name in re.findall(
            r"^(?:async )?(?:function|class) (\w+)", read_asset(f"scripts/{script}"), re.MULTILINE
        )
    )
    assert [name for name, times in names.items() if times > 1] == []
