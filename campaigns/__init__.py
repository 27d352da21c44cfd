"""List campaigns: lists × template × number. Built on top of the inbox, which never looks up here."""
