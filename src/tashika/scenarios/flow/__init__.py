"""The flow: a scenario of many nodes, from its draft to the people who walk it.

reading    a draft becomes a Flow; what is wrong with it, node by node
timing     when a wait ends: spans, business days, weekdays, windows
watching   what of the world a running flow listens to
entering   who begins
stepping   who goes on: one set a step, each step of each person once
figures    where they are
resuming   what to do with those whose time passed while it was unpublished (G8)
"""
