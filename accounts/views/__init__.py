"""Pages of the accounts app: entrance, members, invites, phone numbers."""
