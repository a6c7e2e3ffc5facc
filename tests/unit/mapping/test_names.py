import pytest

from woosync.mapping import scalars


@pytest.mark.parametrize(
    ("meant", "sent"),
    [
        ("A & B", "A & B"),
        ("AT&T", "AT&T"),
        ("&lt;", "&amp;lt;"),
        ("&copy 2026", "&amp;copy 2026"),
        ("a < b > c", "a &lt; b > c"),
        ("5 <6", "5 &lt;6"),
        ("<script>alert(1)</script>x", "&lt;script>alert(1)&lt;/script>x"),
        ("<b>bold</b> H<sub>2</sub>O<br/>", "<b>bold</b> H<sub>2</sub>O<br/>"),
        ('<span class="x">y</span>', '<span class="x">y</span>'),
        ("<bold>", "&lt;bold>"),
        ("<b", "&lt;b"),
    ],
)
def test_a_name_is_sent_so_that_the_store_gives_it_back(meant: str, sent: str) -> None:
    assert scalars.escaped(meant) == sent
    assert scalars.plain(sent) == meant
