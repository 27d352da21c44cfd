"""What members do with templates: one verb, one function, one transaction. Nothing here talks to WhatsApp.

`asking` has the verbs of the builder: requests to the support desk, and wishes to WhatsApp.
"""

from accounts.actions import Refused
from templates_wa.actions.keeping import keep_file, keep_files, request_sync

__all__ = ["Refused", "keep_file", "keep_files", "request_sync"]
