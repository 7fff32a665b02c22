"""DKIM (RFC 6376, RFC 8301, RFC 8463): keys, their DNS records, signatures.

Pure: `canonical`, `signing`, `keys`. `signers` knows the keys that are kept for our sending domains.
"""
