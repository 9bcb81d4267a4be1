import os

SECRET_KEY = "a2V5IG9mIHRoZSB0ZXN0czogMzIgYnl0ZXMgMDEyMzQ="
"""The key that encrypts secrets in the databases of tests and benchmarks. It protects nothing."""

os.environ["GATEWAY_SECRET_KEYS"] = SECRET_KEY
