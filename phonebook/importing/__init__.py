"""Files of contacts on their way in: read, mapped, checked in a dry run, and then carried out, in a worker.

`work` takes the steps, one lease at a time; each step can be killed at any moment and goes on where it was.
"""
