"""MJML with its errors and Liquid; the text made from HTML."""

import pytest

from tashika.mails.mjml import UnableToRender, flaws, render
from tashika.mails.text_part import text_from_html


def page(inside: str) -> str:
    return f'<mjml lang="ja"><mj-body>\n<mj-section><mj-column>\n{inside}\n</mj-column></mj-section></mj-body></mjml>'


def test_liquid_comes_through_untouched_in_text_and_attributes() -> None:
    source = page(
        '<mj-text>{% if contact.custom.a < 3 %}{{ contact.family_name | default: "ご担当者" }}{% endif %}</mj-text>'
        '<mj-button href="https://example.jp/{{ contact.external_id }}?a=1&amp;b=2">x</mj-button>'
        '<mj-image src="https://example.jp/a.png" alt="あ　い" />'
    )
    html = render(source)
    assert '{% if contact.custom.a < 3 %}{{ contact.family_name | default: "ご担当者" }}{% endif %}' in html
    assert 'href="https://example.jp/{{ contact.external_id }}?a=1&amp;b=2"' in html
    assert 'alt="あ　い"' in html


def test_a_condition_around_a_section_comes_through() -> None:
    html = render(
        page("<mj-text>a</mj-text>")
        .replace("<mj-section>", "{% if contact.email %}<mj-section>")
        .replace("</mj-section>", "</mj-section>{% endif %}")
    )
    assert html.index("{% if contact.email %}") < html.index(">a<") < html.index("{% endif %}")


def test_nothing_is_loaded_from_elsewhere() -> None:
    assert "fonts.googleapis" not in render(page("<mj-text>a</mj-text>"))


@pytest.mark.parametrize(
    ("inside", "word"),
    [
        ("<mj-txt>a</mj-txt>", "mj-txt"),
        ("<mj-text>a < 3</mj-text>", "&lt;"),
        ("<mj-text>a", "mj-text"),
        ("<p>x</p>", "mj-text"),
        ('<mj-include path="/etc/passwd" />', "mj-include"),
        ("</mj-text>", "mj-text"),
        ("<mj-text><b>x</mj-text>", "</b>"),
    ],
)
def test_errors_have_their_line(inside: str, word: str) -> None:
    found = flaws(page(inside))
    assert found[0].line == 3
    assert word in f"{found[0].what}{found[0].fix}"
    with pytest.raises(UnableToRender):
        render(page(inside))


@pytest.mark.parametrize(
    "source", ["", "x", "<mjml>", "<html></html>", "<mjml><mj-body></mj-column></mj-body></mjml>", "<" * 10_000]
)
def test_what_is_no_mjml_is_an_error_never_a_crash(source: str) -> None:
    with pytest.raises(UnableToRender):
        render(source)


def test_text_has_paragraphs_lists_tables_and_links() -> None:
    html = """<head><title>x</title><style>p{}</style></head><body>
    <h1>見出し</h1><p>一行目<br>二行目 &amp; &lt;三&gt;</p>
    <ul><li>りんご</li><li>みかん</li></ul><ol><li>一</li><li>二</li></ol>
    <table><tr><th>日時</th><td>4月1日</td></tr><tr><th>会場</th><td>東京</td></tr></table>
    <p><a href="https://example.jp/a?x=1&amp;y=2">申し込む</a><a href="https://example.jp/">https://example.jp/</a></p>
    <div style="display:none">隠し</div><script>evil()</script><img src="x" alt="写真"><hr></body>"""
    text = text_from_html(html)
    assert text == (
        "■ 見出し\n\n一行目\n二行目 & <三>\n\n・りんご\n・みかん\n\n1. 一\n2. 二\n\n日時 4月1日\n会場 東京\n\n"
        "申し込む https://example.jp/a?x=1&y=2 https://example.jp/\n\n写真\n" + "-" * 40 + "\n"
    )


def test_text_keeps_liquid() -> None:
    assert (
        text_from_html('<p>{% if a < b %}{{ x | default: "<y>" }}{% endif %}</p>')
        == '{% if a < b %}{{ x | default: "<y>" }}{% endif %}\n'
    )


@pytest.mark.parametrize("html", ["", "<", "<p", "&", "<a href=>x", "</p></p>", "<div " * 1000, "<ul><li><ul><li>x"])
def test_broken_html_gives_some_text(html: str) -> None:
    assert isinstance(text_from_html(html), str)
