"""Compiling: parts, links, footer, pixel, and what one recipient can lack."""

import base64

import pytest

from tashika.mails.compiling import UnableToBuild, UnableToCompile
from tashika.mails.compiling import compiled as kept
from tests.mails.samples import HTML, ORGANISATION, WHEN, body, compiled, content, parsed, recipient


def test_both_parts_read_as_merged() -> None:
    message = parsed(compiled().build(recipient(), WHEN))
    text, html = content(message, "plain"), content(message, "html")
    assert text.startswith("株式会社架空\n髙橋 様\n\n詳細はこちら https://www.example.jp/seminar?who=A-1&x=1\n")
    assert "株式会社架空<br>髙橋 様" in html
    assert 'href="https://www.example.jp/seminar?who=A-1&amp;x=1"' in html
    assert "秋のご案内" in html and "秋のご案内" not in text


def test_base64_lines_are_76_and_decode_to_crlf_text() -> None:
    message = compiled().build(recipient(), WHEN)
    block = message.split(b"base64\r\n\r\n")[1].split(b"\r\n--")[0].split(b"\r\n")
    assert all(len(line) == 76 for line in block[:-1]) and len(block[-1]) <= 76
    text = base64.b64decode(b"".join(block))
    assert text.count(b"\n") == text.count(b"\r\n") > 3


def test_commercial_mail_gets_the_footer_that_the_law_wants_in_both_parts() -> None:
    message = parsed(compiled().build(recipient(), WHEN))
    for kind in ("plain", "html"):
        for wanted in (*ORGANISATION.values(), "配信停止", "https://mail.example.jp/o/token"):
            assert wanted in content(message, kind)


def test_the_authors_own_opt_out_link_is_enough() -> None:
    message = parsed(
        compiled(html='<p><a href="{{ opt_out_url }}">解除</a></p>', track_clicks=True).build(recipient(), WHEN)
    )
    assert content(message, "html").count("https://mail.example.jp/o/token") == 1
    assert content(message, "plain").count("https://mail.example.jp/o/token") == 1
    assert compiled(html='<p><a href="{{ opt_out_url }}">解除</a></p>', track_clicks=True).links == ()


def test_tracked_links_lead_past_the_counter_and_merge_percent_encoded() -> None:
    mail = compiled(track_clicks=True)
    person = recipient({"external_id": "a b&c=髙"}, click_base="https://mail.example.jp/c/t/")
    message = parsed(mail.build(person, WHEN))
    assert mail.links == ("https://www.example.jp/seminar?who={{ contact.external_id }}&x=1",)
    assert 'href="https://mail.example.jp/c/t/0"' in content(message, "html")
    assert "詳細はこちら https://mail.example.jp/c/t/0" in content(message, "plain")
    assert "www.example.jp" not in content(message, "html")
    assert mail.link(0, person.values) == "https://www.example.jp/seminar?who=a%20b%26c%3D%E9%AB%99&x=1"
    with pytest.raises(IndexError):
        mail.link(1, person.values)
    with pytest.raises(IndexError):
        mail.link(-1, person.values)


def test_without_a_click_base_tracked_links_lead_straight() -> None:
    message = parsed(compiled(track_clicks=True).build(recipient(), WHEN))
    assert 'href="https://www.example.jp/seminar?who=A-1&amp;x=1"' in content(message, "html")


def test_untracked_links_are_percent_encoded_too() -> None:
    message = parsed(compiled().build(recipient({"external_id": "x y"}), WHEN))
    assert "who=x%20y" in content(message, "html") and "who=x%20y" in content(message, "plain")


def test_the_pixel_is_there_only_when_tracked() -> None:
    pixel = "https://mail.example.jp/p/t"
    assert pixel in content(parsed(compiled(track_opens=True).build(recipient(open_url=pixel), WHEN)), "html")
    assert "<img" not in content(parsed(compiled(track_opens=True).build(recipient(), WHEN)), "html")
    assert "<img" not in content(parsed(compiled().build(recipient(open_url=pixel), WHEN)), "html")


@pytest.mark.parametrize(
    "target",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:x",
        "data:text/html,x",
        "vbscript:x",
        "{{ contact.external_id }}",
        "/relative",
        "",
        "https://{{ contact.external_id }}.example.jp/",
        "https://user@evil.example/",
        "http:/x",
        "ftp://example.jp/x",
    ],
)
def test_links_that_lead_astray_are_refused_with_their_line(target: str) -> None:
    with pytest.raises(UnableToCompile) as caught:
        compiled(html=f'<p>\n<a class="x" href="{target}">x</a></p>')
    assert caught.value.problems[0].line == 2


@pytest.mark.parametrize(
    "target",
    ["mailto:info@example.jp", "tel:0312345678", "#top", "https://日本語.example.jp/道", "http://example.jp:8080?x"],
)
def test_other_links_stay(target: str) -> None:
    assert f'href="{target}"' in content(
        parsed(compiled(html=f'<a href="{target}">x</a>').build(recipient(), WHEN)), "html"
    )


@pytest.mark.parametrize(
    "markup", ["<script>x</script>", "<iframe src=x></iframe>", '<p onclick="x">', "<form action=x></form>"]
)
def test_active_markup_is_refused(markup: str) -> None:
    with pytest.raises(UnableToCompile):
        compiled(html=markup)


def test_a_text_mail_is_one_part() -> None:
    mail = compiled(format="text", text="{{ contact.family_name }} 様\nhttps://example.jp/a。\n", track_clicks=True)
    message = parsed(mail.build(recipient(click_base="https://mail.example.jp/c/t/"), WHEN))
    assert message.get_content_type() == "text/plain"
    assert message.get_content().replace("\r\n", "\n").startswith("髙橋 様\nhttps://mail.example.jp/c/t/0。\n")
    assert mail.links == ("https://example.jp/a",)


def test_the_authors_own_text_part() -> None:
    message = parsed(compiled(text_auto=False, text="手で書いた {{ contact.family_name }} 様").build(recipient(), WHEN))
    assert content(message, "plain").startswith("手で書いた 髙橋 様\n")


def test_a_field_without_a_recorded_value_fails_for_this_person_only() -> None:
    mail = compiled()
    values = {"contact": {"family_name": "x"}}
    with pytest.raises(UnableToBuild) as caught:
        mail.build(recipient(values=values), WHEN)
    assert caught.value.where == "contact.company_name"
    mail.build(recipient(), WHEN)


def test_a_comparison_of_text_with_a_number_fails_for_this_person_only() -> None:
    mail = compiled(html="{% if contact.custom.points > 3 %}多い{% endif %}")
    with pytest.raises(UnableToBuild):
        mail.build(recipient({"custom": {"points": "x"}}), WHEN)
    assert "多い" in content(parsed(mail.build(recipient(), WHEN)), "html")


def test_yes_no_numbers_lists_and_blanks_read_as_people_write_them() -> None:
    mail = compiled(
        html="[{{ contact.custom.a }}][{{ contact.custom.b }}][{{ contact.custom.c }}][{{ contact.custom.d }}]"
    )
    person = recipient({"custom": {"a": True, "b": 3.0, "c": ["い", "ろ"], "d": None}})
    assert "[はい][3][い、ろ][]" in content(parsed(mail.build(person, WHEN)), "html")


def test_compiled_versions_are_kept_by_hash_and_organisation() -> None:
    class Version:
        hash = b"h" * 32
        body = body()

    first = kept(Version(), organisation=ORGANISATION)
    assert kept(Version(), organisation=ORGANISATION) is first
    assert kept(Version(), organisation={**ORGANISATION, "name": "別"}) is not first


def test_what_the_organisation_typed_is_no_template() -> None:
    mail = compile_with("{{ contact.email }}")
    assert "{ { contact.email }}" in content(parsed(mail.build(recipient(), WHEN)), "plain")


def compile_with(name: str):  # type: ignore[no-untyped-def]
    from tashika.mails.compiling import compile_mail

    return compile_mail(body(html=HTML), organisation={**ORGANISATION, "name": name})
