"""What a statement is asked with."""


class StatementArguments:
    """A frozen dataclass whose texts, numbers, instants and dates are values.

    Statements that are asked with criteria of the same shape, which differ in their values alone, are one
    statement with other parameters: see `gateway.database.prepared_statements`.
    """

    __slots__ = ()
