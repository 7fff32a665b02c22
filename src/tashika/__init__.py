"""Tashika: marketing automation in which a bulk mail reaches the right people, once, with the right names."""

__version__ = "0.1.0"
