"""The HTTP API under /api/v1, with keys and an OpenAPI document."""
