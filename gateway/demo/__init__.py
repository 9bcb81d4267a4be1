"""A clinic group that does not exist, and the documents' own examples, to look around in.

The same instant gives the same clinics, to the last id. All names are invented, each e-mail address is at
example.org and each phone number is one of those that belong to nobody.
"""

from gateway.demo.clinics import CLINICS, HARBORVIEW, LAKESIDE
from gateway.demo.loading import create_key, find_example_group_id, load_demo
from gateway.demo.requests import ExampleRequest, build_requests

__all__ = [
    "CLINICS",
    "HARBORVIEW",
    "LAKESIDE",
    "ExampleRequest",
    "build_requests",
    "create_key",
    "find_example_group_id",
    "load_demo",
]
