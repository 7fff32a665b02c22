-- Keep a report as it came; the same bytes again are the same report.
INSERT INTO delivery_bounce_raw (way, provider, received_at, digest, size, raw)
VALUES (%(way)s, %(provider)s, %(received_at)s, %(digest)s, %(size)s, %(raw)s)
ON CONFLICT (digest) DO NOTHING
