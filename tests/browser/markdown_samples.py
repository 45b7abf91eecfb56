"""Markdown as models write it: typical answers, and what they get wrong."""

FENCE = "```"

ANSWER = f"""Sure! Here's the summary:

## Key points

1. **Speed** — it's *fast*:
   - `p50`: 120 ms
   - `p99`: 900 ms
2. **Cost**: see the table.

| Model | $/1k |
|---|---:|
| lite | 0.06 |

> Note: prices change.

{FENCE}python
print('hi')
{FENCE}

Let me know!"""

SAMPLES = (
    "A plain sentence.",
    "Two\nlines, and\n\na second paragraph.",
    "# Title\n\nText under it.",
    "## A title with `code` and **weight**\nText at once.",
    "Title\n=====\n\nSubtitle\n---\ntext",
    "### Closed ###\n#### Not#closed\n####### seven\n#no blank",
    "**Bold**, *soft*, ***both***, __bold__, _soft_.",
    "**Answer:** The refund takes **5–7 business days**.",
    "snake_case_name and __init__ and 2*3*4 and a * b * c",
    "*a **b** c* and **a *b* c** and **a*b**c* and ***a** b*",
    "unclosed **bold and *soft and `code",
    "~~gone~~ and ~one~ tildes",
    "**“Quoted”** and **(in parentheses)**, *it's*",
    "Use `git commit -m \"x\"` or ``a ` b`` or ` `` ` or `a\nb`.",
    "Escapes: \\*not soft\\*, \\# no title, \\[x](y), 1\\. and \\\\ too.",
    "Entities: &amp; &lt;b&gt; &quot;x&quot; &copy; &#8364; &#x20AC; &unknown; & alone",
    "A hard break  \nby blanks and\\\nby a backslash.",
    "[A link](https://example.com/path?a=1&b=2) in a sentence.",
    "[**bold** link](<https://example.com/a b> \"title\") and [a](b(c)d) and [](x)",
    "<https://example.com/x> and <someone@example.com> and https://bare.example.com/x",
    "![A picture](https://example.com/a.png) and [![badge](b.svg)](https://example.com)",
    "[not a link] [x] (y) and [a [b](c) d](e) and ![no](",
    "- one\n- two\n- three",
    "* one\n* two\n\n* three after a blank",
    "1. First\n2. Second\n3. Third",
    "3) third\n4) fourth",
    "1. First\n\n   Still first.\n\n2. Second",
    "- a\n  - b\n    - c\n      - d\n- e",
    "1. Step\n   - detail\n   - detail\n2. Step\n   1. inner\n   2. inner",
    "1. Step\n  - too little indentation\n2. Step",
    "- [x] done\n- [ ] open\n- [X] Done\n- [y] neither",
    "- **Price**: $5\n- **Term**: 30 days\n  (calendar days)\nand lazily on",
    "- one\n+ another list\n* a third",
    "Steps:\n1. a\n2. b\nend",
    "The year was\n1986. A great one.\n- list at once",
    "• bullets that\n• are none",
    "> A quote\n> over lines\nand lazily on\n\nafter",
    "> **Note**\n>\n> - in a quote\n> - too\n>\n> > deeper\n> back",
    "- > quoted in a list\n  > on\n- item",
    "above\n\n---\n\nbelow\n\n***\n\n_ _ _",
    f"{FENCE}python\ndef f(x):\n    return x * 2\n{FENCE}\n\nafter",
    f"Run:\n{FENCE}sh\npip install evaldrop   # comment\n\necho '**not bold**'\n{FENCE}\nThen look.",
    f"~~~\ntildes with {FENCE}\n~~~\n````md\n{FENCE}js\nx\n{FENCE}\n````",
    f"- item with code\n\n  {FENCE}\n  x = 1\n    y = 2\n  {FENCE}\n- next",
    f"{FENCE}\nunclosed, as where a response was cut off",
    "Indented:\n\n    code = 1\n\n    more = 2\n\ntext\n    not code here",
    "| Plan | Price |\n|------|------:|\n| Free | $0 |\n| Pro | $20 |",
    "Compare:\n| a | b |\n|:-:|:--|\n| **x** | `y` |\n| only one |\n\nafter the table",
    "a | b\n--|--\n1 | 2\n3 | \\| bar",
    "| not a table | at all |\n| no delimiter | row |",
    "| a | b |\n|---|\n| wrong | count |",
    "<b>HTML</b> stays <br> as text, <!-- too -->, <details>\n<summary>x</summary>",
    "| a |\n|---|\n| line<br>break |",
    "سياسة الاسترداد: **٣٠ يومًا**\n\n- أولاً\n- ثانيًا",
    "退款政策：**三十天**内可以退货。\n\n1. 联系客服\n2. 寄回商品",
    "返品は**30日以内**です。`注文番号`をご用意ください。",
    "👍 Great! 👨‍👩‍👧 **family** 🇩🇪 flag ❤️",
    "It costs $5 or $10, 50% off; 5 < 6 > 4; a && b; x^2_1.",
    "\tTabbed code\n\n-\ttabbed item\n\n1.  two blanks",
    ANSWER,
    "Line one\r\nline two\r\n\r\n- windows\r\n- ends",
    "Trailing blanks   \n\n\n\nmany blank lines\n\n\n",
)  # fmt: skip
