"""Merge fields: what is refused, where, and with which hint."""

import pytest

from tashika.mails.merging import MergeTemplate, UnableToMerge, flaws, names_in


def only(source: str) -> tuple[int, int, str, str]:
    found = flaws(source)
    assert len(found) == 1, [str(flaw.what) for flaw in found]
    flaw = found[0]
    return flaw.line, flaw.column, flaw.what.in_language("ja"), flaw.fix.in_language("ja")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "source",
    [
        "{{ contact.family_name }}様",
        '{{ contact.family_name | default: "ご担当者" }}様',
        "{{contact.custom.rank}}",
        "{% if contact.custom.points > 3 %}A{% elsif contact.custom.rank == 'B' %}B{% else %}C{% endif %}",
        "{% unless contact.company_name == '' %}x{% endunless %}",
        "{{ organisation.name }} {{ opt_out_url }}",
        "{% case contact.custom.rank %}{% when 'A' %}a{% else %}b{% endcase %}",
        "100%増 50%% a{b}c {x:y}",
        "<style>@media (max-width:1px){.a{color:red}}</style>",
        "{% comment %} {{ x }} {% endcomment %}",
        "{{ contact.family_name | append: '様' }}",
    ],
)
def test_good_templates_have_no_flaw(source: str) -> None:
    assert flaws(source, html=True) == []


def test_unknown_field_has_its_place_and_the_nearest_name() -> None:
    line, column, what, fix = only("こんにちは\n {{ contact.famly_name }} 様")
    assert (line, column) == (2, 5)
    assert "contact.famly_name" in what
    assert "{{ contact.family_name }}" in fix


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("{{ contact.会社名 }}", "contact.company_name"),
        ("{{ 姓 }}", "contact.family_name"),
        ("{{ name }}", "contact.family_name"),
        ("{{ 配信停止URL }}", "opt_out_url"),
        ("{{ company_name }}", "contact.company_name"),
    ],
)
def test_labels_are_answered_with_the_field(written: str, meant: str) -> None:
    assert meant in only(written)[3]


@pytest.mark.parametrize(
    "source",
    [
        "{{姓}様",
        "{{ contact.family_name } 様",
        "｛｛ contact.family_name ｝｝",
        "{｛contact.family_name｝}",
        "%%sei_name%%様",
        "{contactfield=firstname|there}",
        "[[MISSING TOKEN - x]]",
        "__c20__",
        "▲▲配信停止URL▲▲",
        "%Customer%",
        "*|FNAME|*",
        "{contact.family_name}様",
        "{会社名}",
        "{姓}}様",
        "{% if contact.email %",
        "{{ contact.family_name",
    ],
)
def test_near_misses_and_other_tools_notations_are_errors(source: str) -> None:
    found = flaws(f"一行目\n{source}")
    assert found
    assert found[0].line == 2


@pytest.mark.parametrize(
    "source",
    [
        "{{ contact.__class__ }}",
        "{{ contact.email.__class__.__mro__ }}",
        "{{ contact }}",
        "{{ contact.custom }}",
        "{{ contact['__init__'] }}",
        "{{ contact.custom.__dict__.x }}",
        "{{ contact.note }}",
        "{{ contact.email.size }}",
        "{{ tashika.click_0 }}",
        "{{ settings.SECRET_KEY }}",
        "{{ contact.email | _percent }}",
        "{{ contact.email | map: 'x' }}",
        "{% assign a = 1 %}",
        "{% for i in (1..1000000) %}x{% endfor %}",
        "{% include 'x' %}",
        "{% render 'x' %}",
        "{% liquid echo 1 %}",
        "{% capture x %}{% endcapture %}",
        "{% if x %}{% endif %}",
        "{{ contact..email }}",
    ],
)
def test_nothing_but_listed_fields_can_be_reached(source: str) -> None:
    assert flaws(source)


def test_a_value_is_never_a_template() -> None:
    template = MergeTemplate("{{ contact.family_name }}", html=False)
    assert template.render({"contact": {"family_name": "{{ contact.email }}{% if %}"}}) == "{{ contact.email }}{% if %}"


def test_html_is_escaped_in_html_only() -> None:
    values = {"contact": {"family_name": "<b>&\"'"}}
    assert MergeTemplate("{{ contact.family_name }}", html=True).render(values) == "&lt;b&gt;&amp;&#34;&#39;"
    assert MergeTemplate("{{ contact.family_name }}", html=False).render(values) == "<b>&\"'"


def test_a_missing_field_is_an_error_not_a_blank() -> None:
    with pytest.raises(UnableToMerge):
        MergeTemplate("{{ contact.family_name }}", html=False).render({"contact": {}})


def test_fields_are_listed_with_those_inside_conditions() -> None:
    source = "{% if contact.custom.a %}{{ contact.email }}{% endif %}{{ contact.email | default: 'x' }}"
    assert names_in(source) == ["contact.custom.a", "contact.email"]


def test_a_huge_source_is_refused_without_being_parsed() -> None:
    assert len(flaws("{" * 5_000_000)) == 1


def test_known_custom_fields_are_all_there_is() -> None:
    assert flaws("{{ contact.custom.rank }}", known={"contact.custom.rank"}) == []
    assert "contact.custom.rank" in str(flaws("{{ contact.custom.rnk }}", known={"contact.custom.rank"})[0].fix)
