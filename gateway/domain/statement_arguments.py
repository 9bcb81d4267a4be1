"""Arguments of statements."""


class StatementArguments:
    """The base of frozen dataclasses that are arguments of prepared statements.

    Their texts, numbers, instants and dates become parameters of the statement. Arguments that differ only in
    these values share one compiled statement: see `gateway.database.prepared_statements`.
    """

    __slots__ = ()


class TextTuple(tuple[str, ...]):
    """Texts that are one parameter of a statement, as a list of texts is. Unlike a list, they are hashable."""

    __slots__ = ()
