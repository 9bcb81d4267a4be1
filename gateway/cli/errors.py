"""The command `gateway errors`."""

import typer

_INTRODUCTION = """\
# Error codes

`gateway errors` prints this page. Each error of a GraphQL response has one of these codes in `extensions.code`.
The status is the HTTP status of a response without `data`. Codes with status 200 concern single fields.
[asking.md](asking.md#errors) describes the responses.

| code | status | meaning |
| --- | --: | --- |
"""


def errors() -> None:
    """Print all error codes with status and meaning, as Markdown.

    The output is the file `gateway/docs/errors.md`.
    """
    from gateway.web import GraphQLErrorCode  # noqa: PLC0415 (it is slow to import)

    rows = (f"| `{code.name}` | {code.value.status} | {code.value.description} |\n" for code in GraphQLErrorCode)
    typer.echo(_INTRODUCTION + "".join(rows), nl=False)
