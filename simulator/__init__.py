"""A fake WhatsApp Cloud API and the customer's phone, as one separate program for development and tests.

It speaks to the product over HTTP only: it must never import the product, and nothing may import it.
"""
