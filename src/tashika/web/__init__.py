"""The staff interface: parses, calls one verb, renders. No rule of the business lives here."""
