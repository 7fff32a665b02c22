"""G6: a version and its merge values give the same bytes, in any process, by either way of rendering."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tashika.mails.compiling import CompiledMail, UnableToBuild
from tashika.mails.parts import Part
from tashika.mails.recipient import Recipient
from tests.mails.samples import ORGANISATION, WHEN, body, compiled, recipient

_PROGRAM = """
import hashlib, sys
from django.conf import settings
settings.configure(USE_I18N=False)
from tests.mails.samples import WHEN, compiled, recipient
print(hashlib.sha256(compiled(track_clicks=True, track_opens=True).build(recipient(), WHEN)).hexdigest())
"""


def test_the_same_inputs_give_the_same_bytes() -> None:
    assert compiled().build(recipient(), WHEN) == compiled().build(recipient(), WHEN)


def test_another_process_with_another_hash_seed_gives_the_same_bytes() -> None:
    root = Path(__file__).parents[2]
    digests = set()
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": f"{root / 'src'}:{root}"}
        run = subprocess.run(
            [sys.executable, "-c", _PROGRAM], capture_output=True, text=True, env=environment, check=True
        )
        digests.add(run.stdout)
    assert len(digests) == 1


def test_another_body_or_organisation_gives_other_bytes() -> None:
    first = compiled().build(recipient(), WHEN)
    assert compiled(html="<p>別の本文</p>").build(recipient(), WHEN) != first
    assert CompiledMail(body(), {**ORGANISATION, "name": "別会社"}).build(recipient(), WHEN) != first


_static = st.text(alphabet="あ漢a<&\n %|'\"=", max_size=12)
_field = st.sampled_from(
    [
        "{{ contact.family_name }}",
        "{{contact.custom.rank}}",
        '{{ contact.family_name | default: "ご担当者" }}',
        "{{ contact.custom.points | default: 'な<し' }}",
        "{{ contact.custom.member }}",
        "{{ organisation.name }}",
        "{{ opt_out_url }}",
        "{{ contact.email | upcase }}",
        "{{ contact.custom.rank | _percent }}",
        "{% if contact.custom.member %}会員{{ contact.custom.rank }}{% else %}\n非会員{% endif %}",
        "{% case contact.custom.rank %}{% when 'A' %}a{% else %}b{{ contact.family_name }}{% endcase %}",
        "{% comment %}{{ contact.email }}{% endcomment %}",
        "{{ contact.email | truncate: 5 }}",
    ]
)
_value = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.floats(-3, 3),
    st.sampled_from(["", " ", "{{ x }}", "<i>", "A"]),
    st.text(max_size=10),
    st.lists(st.text(max_size=3), max_size=2),
)


@settings(max_examples=300, deadline=None)
@given(
    pieces=st.lists(st.one_of(_static, _field), max_size=8),
    family=_value,
    rank=_value,
    points=_value,
    html=st.booleans(),
)
def test_the_fast_way_and_liquid_give_equal_text(
    pieces: list[str], family: Any, rank: Any, points: Any, html: bool
) -> None:
    source = "".join(pieces).replace("\n", "\r\n")
    contact = {"family_name": family, "custom": {"rank": rank, "points": points, "member": points}}
    mail = compiled(
        subject="x",
        html="{{ contact.family_name }}{{ contact.custom.rank }}{{ contact.custom.points }}"
        "{{ contact.custom.member }}{{ contact.email }}",
    )
    values = mail._values(recipient(contact))
    fast = Part(source, ORGANISATION, html=html).render(values)
    assert fast == Part(source, ORGANISATION, html=html, cut=False).render(values)


@settings(max_examples=60, deadline=None)
@given(family=_value, rank=_value)
def test_the_whole_message_is_equal_by_either_way(family: Any, rank: Any) -> None:
    given_body = {
        "html": "<p>{{ contact.family_name | default: '様' }}</p><p>{{ contact.custom.rank }}</p>"
        "{% if organisation.name != '' %}<p>{{ organisation.name }}</p>{% endif %}"
        "{% if contact.custom.rank > 2 or contact.family_name == 'A' %}<p>{{ contact.custom.rank }}</p>{% endif %}"
        "<p>{% unless contact.family_name %}{{ organisation.name }}の担当者より{% endunless %}</p>",
        "track_opens": True,
    }
    fast, slow = compiled(**given_body), compiled(**given_body)
    for name in ("_subject", "_text", "_html"):
        part = getattr(slow, name)
        setattr(slow, name, Part(part._template.source, ORGANISATION, html=name == "_html", cut=False))
    slow._filling = None
    assert fast._filling is not None
    person = recipient({"family_name": family, "custom": {"rank": rank}}, open_url="https://mail.example.jp/p/x")
    assert _built(fast, person) == _built(slow, person)


def test_what_only_asks_for_the_organisation_is_the_same_for_everybody() -> None:
    part = Part("{% if organisation.contact != '' %}{{ organisation.contact }}{% endif %}です", ORGANISATION, html=True)
    assert (part.blocks, part.slots) == ([], [])
    assert part.pieces == [f"{ORGANISATION['contact']}です"]


def _built(mail: CompiledMail, person: Recipient) -> bytes | str:
    try:
        return mail.build(person, WHEN)
    except UnableToBuild as error:
        return error.code
