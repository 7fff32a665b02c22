"""What recipients reach: opt-out, opens, clicks. No staff session, no staff page."""
