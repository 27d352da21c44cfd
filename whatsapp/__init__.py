"""WhatsApp's Cloud API in plain Python: signatures, webhook items, errors, limits, a client for sending.

Knows nothing of Django, tasks, sockets or workspaces, and must never import them: everything above may use
this package, it uses nothing of ours.
"""
