"""Approved templates of a business account. Beside the phonebook, below the inbox."""
