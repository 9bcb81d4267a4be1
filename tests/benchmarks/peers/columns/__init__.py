"""The columns peer: hand-written statements over tables with a column for each field, as a floor of that design.

It has tables of its own, which the benchmark fills from the stored documents. Lists inside a record are columns
of JSON text. The peer selects plain columns and composes the response from the rows with orjson. For exports,
this takes less CPU time on both databases than a statement that builds the JSON. The columns do not preserve
unknown keys of a document, nor the difference between null and an absent key.
"""
