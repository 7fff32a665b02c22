"""Where providers report what became of our mails. `django-anymail` checks the call and reads it; its signals are not
used. An unknown provider, a wrong password and a wrong signature all get the same answer."""

import base64
import hmac
from importlib import import_module
from typing import Any

from anymail.exceptions import AnymailError, AnymailWebhookValidationFailure
from anymail.signals import AnymailTrackingEvent
from anymail.webhooks.amazon_ses import AmazonSESTrackingWebhookView
from anymail.webhooks.base import AnymailBaseWebhookView
from anymail.webhooks.resend import ResendTrackingWebhookView
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from tashika.core import clock
from tashika.core.errors import NotFound
from tashika.delivery.bounces import hooks

_FIELDS = (
    "event_type",
    "event_id",
    "recipient",
    "message_id",
    "reject_reason",
    "mta_response",
    "description",
    "timestamp",
)
_VIEWS = {
    "brevo": ("brevo", "BrevoTrackingWebhookView"),
    "mailersend": ("mailersend", "MailerSendTrackingWebhookView"),
    "mailgun": ("mailgun", "MailgunTrackingWebhookView"),
    "mailjet": ("mailjet", "MailjetTrackingWebhookView"),
    "postmark": ("postmark", "PostmarkTrackingWebhookView"),
    "sendgrid": ("sendgrid", "SendGridTrackingWebhookView"),
    "sparkpost": ("sparkpost", "SparkPostTrackingWebhookView"),
}


class SesView(AmazonSESTrackingWebhookView):
    """SES without boto3, which is needed only to confirm a subscription by itself: here a person opens its address,
    which is kept and shown as a report."""

    def __init__(self, **kwargs: Any) -> None:
        AnymailBaseWebhookView.__init__(self, **kwargs)

    def auto_confirm_sns_subscription(self, sns_message: dict[str, Any]) -> None:
        """Nothing is fetched from an address that somebody sends."""

    def parse_events(self, request: HttpRequest) -> list[Any]:
        """The events of a notification, or the request to confirm a subscription."""
        message = self._parse_sns_message(request)
        if message.get("Type") == "SubscriptionConfirmation":
            words = str(message.get("SubscribeURL", ""))
            return [AnymailTrackingEvent(event_type="subscription", description=words, esp_event=message)]
        return list(super().parse_events(request))


class ResendView(ResendTrackingWebhookView):
    """Resend without the library of its webhooks' maker: the signature is one HMAC (standard-webhooks.com, v1)."""

    _TOLERANCE = 300  # seconds

    def __init__(self, *, signing_secret: str, **kwargs: Any) -> None:
        self._svix_webhook = None
        self._key = base64.b64decode(signing_secret.removeprefix("whsec_") + "==")
        AnymailBaseWebhookView.__init__(self, **kwargs)

    def validate_request(self, request: HttpRequest) -> None:
        """Of the id, the time and the body; not older than five minutes."""
        number, at = request.headers.get("svix-id", ""), request.headers.get("svix-timestamp", "")
        signed = hmac.digest(self._key, f"{number}.{at}.".encode() + request.body, "sha256")
        given = [one.partition(",")[2] for one in request.headers.get("svix-signature", "").split()[:10]]
        fresh = at.isdigit() and len(at) < 12 and abs(clock.now().timestamp() - int(at)) <= self._TOLERANCE
        right = base64.b64encode(signed).decode()
        if not fresh or not any(hmac.compare_digest(one.encode(), right.encode()) for one in given):
            raise AnymailWebhookValidationFailure("wrong signature")


@never_cache
@csrf_exempt  # the password in the address is the proof
@require_http_methods(["POST", "HEAD"])
def mail(request: HttpRequest, provider: str) -> HttpResponse:
    """Events of a provider. Answers 200 once they are kept; anything else makes the provider try again."""
    try:
        hook = hooks.find(provider)
    except NotFound as error:
        raise Http404 from error
    if request.method == "HEAD":  # some try the address when it is entered
        return HttpResponse()
    if not request.headers.get("Authorization"):  # SNS sends the password only when asked
        return HttpResponse(status=401, headers={"WWW-Authenticate": 'Basic realm="Tashika"'})
    view = _view(provider, hook)
    try:
        view.run_validators(request)
    except AnymailWebhookValidationFailure as error:
        raise Http404 from error
    except (AnymailError, ValueError, KeyError, TypeError, AttributeError) as error:
        return _unreadable(error)
    try:
        events = [_plain(event) for event in view.parse_events(request)]
    except (AnymailError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        return _unreadable(error)
    hooks.take_events(provider=provider, events=events, now=clock.now())
    return HttpResponse()


def _view(provider: str, hook: hooks.OpenHook) -> Any:
    more = {hook.provider.key_name: hook.signing_key} if hook.provider.key_name else {}
    if provider == "amazon-ses":
        return SesView(webhook_secret=[hook.password])
    if provider == "resend":
        return ResendView(webhook_secret=[hook.password], **more)
    module, name = _VIEWS[provider]
    return getattr(import_module(f"anymail.webhooks.{module}"), name)(webhook_secret=[hook.password], **more)


def _plain(event: Any) -> dict[str, Any]:
    found = {name: getattr(event, name, None) for name in _FIELDS}
    return {**found, "esp_event": _as_dict(event.esp_event)}


def _as_dict(value: Any) -> Any:
    return value.dict() if hasattr(value, "dict") else value


def _unreadable(error: Exception) -> HttpResponse:
    return HttpResponse(f"unreadable: {type(error).__name__}", status=400, content_type="text/plain")
