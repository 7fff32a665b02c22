"""Activity: the append-only log of what contacts did and what reached them.

Delivery writes it, segments and scenarios read it: speaking upward is done by rows.
"""
