"""A fictional clinic group, and the examples of the five documents.

The same instant gives the same data and ids. All names are invented. E-mail addresses are at example.org, and
phone numbers are reserved for fiction.
"""

from gateway.demo.clinics import CLINICS, HARBORVIEW, LAKESIDE
from gateway.demo.loading import create_key, find_example_group_id, load_demo
from gateway.demo.requests import AnyExampleRequest, build_requests, build_rest_requests

__all__ = [
    "CLINICS",
    "HARBORVIEW",
    "LAKESIDE",
    "AnyExampleRequest",
    "build_requests",
    "build_rest_requests",
    "create_key",
    "find_example_group_id",
    "load_demo",
]
