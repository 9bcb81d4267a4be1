"""A clinic group that does not exist, and the documents' own examples, to look around in.

The same instant gives the same clinics, to the last id. All names are invented, each e-mail address is at
example.org and each phone number is one of those that belong to nobody.
"""
