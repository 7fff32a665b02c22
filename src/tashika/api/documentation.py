"""The API's own page: every address with its parameters, made from the OpenAPI document; no foreign host."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tashika.api.app import api

_METHODS = ("get", "post", "put", "patch", "delete")


def documentation(request: HttpRequest) -> HttpResponse:
    """All addresses by area. Holds nothing that openapi.json does not."""
    document: dict[str, Any] = api.get_openapi_schema()
    schemas = document.get("components", {}).get("schemas", {})
    areas: dict[str, list[dict[str, Any]]] = {}
    for address, methods in document["paths"].items():
        for method in (one for one in _METHODS if one in methods):
            call = methods[method]
            areas.setdefault(call.get("tags", ["–"])[0], []).append(_call(address, method, call, schemas))
    about = document["info"]["description"].split("\n\n")
    return render(request, "api/docs.html", {"areas": areas, "about": about, "version": document["info"]["version"]})


def _call(address: str, method: str, call: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    return {
        "method": method.upper(),
        "address": address,
        "words": call.get("description") or call.get("summary", ""),
        "parameters": [
            {"name": one["name"], "kind": one["in"], "type": _type(one.get("schema", {}))}
            for one in call.get("parameters", [])
        ],
        "body": _fields(_content(call.get("requestBody", {})), schemas),
        "answers": [
            {"status": status, "fields": _fields(_content(answer), schemas)}
            for status, answer in call.get("responses", {}).items()
        ],
    }


def _content(part: dict[str, Any]) -> dict[str, Any]:
    for content in part.get("content", {}).values():
        found: dict[str, Any] = content.get("schema", {})
        return found
    return {}


def _fields(schema: dict[str, Any], schemas: dict[str, Any]) -> list[dict[str, Any]]:
    """The fields of an object, or of the objects of a list."""
    schema = schema.get("items", schema)
    found = schemas.get(schema.get("$ref", "").rpartition("/")[2], schema)
    required = set(found.get("required", []))
    return [
        {"name": name, "type": _type(inner), "required": name in required}
        for name, inner in found.get("properties", {}).items()
    ]


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " | ".join(_type(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(str(one) for one in schema["enum"])
    if schema.get("type") == "array":
        return f"{_type(schema.get('items', {}))}[]"
    return str(schema.get("format") or schema.get("type") or "any")
