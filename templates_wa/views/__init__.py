"""Pages of templates, by what they show."""
