"""The cost of every question that the schema offers, at two numbers of records.

`python -m tests.benchmarks.questions` generates questions from the schema: each list, filter, order, count and
statistics argument, alone and in pairs. It sends each to a running gateway over databases with fewer and with more
records, and prints the CPU time of both, their ratio, the price, and how far the price is from the CPU time.

A new argument needs a value in `samples.py`; until then the benchmark and the suite fail with its name.
`tests/database/test_rows_read.py` reads the plans of the same questions.
"""
