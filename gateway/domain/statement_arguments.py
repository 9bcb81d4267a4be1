"""Arguments of statements."""


class StatementArguments:
    """The base of frozen dataclasses that are arguments of prepared statements.

    Their texts, numbers, instants and dates become parameters of the statement. Arguments that differ only in
    these values share one compiled statement: see `gateway.database.prepared_statements`.
    """

    __slots__ = ()
