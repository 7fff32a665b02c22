"""One-click opt-out is reachable: asked of this very application over TLS on loopback."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.wsgi import get_wsgi_application

from tashika.delivery.sender_check import check_one_click
from tashika.delivery.sender_check.dns_lookup import Lookup
from tashika.delivery.sender_check.findings import Finding
from tashika.delivery.sender_check.looked_at import LookedAt
from tests.fakes.https_server import certificate, https_server

Start = Callable[[str, list[tuple[str, str]]], Any]


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A certificate that this process trusts."""
    crt, pem = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(crt))
    return crt, pem


def found(base_url: str, lookup: Lookup) -> Finding:
    at = LookedAt("example.jp", "example.jp", "", (), False, (), (), base_url, lookup)
    (finding,) = list(check_one_click.check(at))
    return finding


def redirecting(environment: dict[str, Any], start: Start) -> Iterator[bytes]:
    start("302 Found", [("Location", "https://localhost/elsewhere")])
    yield b""


def somebody_else(environment: dict[str, Any], start: Start) -> Iterator[bytes]:
    start("200 OK", [("Content-Type", "text/plain")])
    yield b"welcome"


def test_our_own_answer_is_known(trusted: tuple[Path, Path], lookup: Lookup) -> None:
    with https_server(get_wsgi_application(), *trusted) as port:
        assert found(f"https://localhost:{port}", lookup).level == "ok"


@pytest.mark.parametrize("application", [redirecting, somebody_else])
def test_another_answer_is_a_problem(
    trusted: tuple[Path, Path], lookup: Lookup, application: Callable[..., Any]
) -> None:
    with https_server(application, *trusted) as port:
        assert found(f"https://localhost:{port}", lookup).level == "problem"


def test_a_certificate_that_nobody_trusts_is_a_problem(tmp_path: Path, lookup: Lookup) -> None:
    with https_server(get_wsgi_application(), *certificate(tmp_path)) as port:
        finding = found(f"https://localhost:{port}", lookup)
    assert finding.level == "problem" and "TLS" in finding.what.en


def test_nobody_there_is_a_problem(lookup: Lookup) -> None:
    assert found("https://localhost:1", lookup).level == "problem"


def test_plain_http_is_a_problem(lookup: Lookup) -> None:
    finding = found("http://mail.example.jp", lookup)
    assert finding.level == "problem" and "https" in finding.what.en
