"""Safeguards: what stands between a draft and its leaving. Issues the clearance that publishing asks for."""
