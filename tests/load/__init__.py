"""What holds under load, shown on this machine over SQLite and over PostgreSQL; all of it takes five minutes.

`python -m tests.load` runs three, or those that are named:

- `exports`: what a very big answer costs those who ask for little meanwhile, and how much memory it takes.
- `overload`: 200 connections of heavy queries against a capacity of 8, beside which others ask for little.
- `mixed`: 10,000 requests of all kinds, good and bad, after which the server is as it was before.

It ends with 1, and says why, when something did not hold.
"""
