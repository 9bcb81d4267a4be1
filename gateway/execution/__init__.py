"""A GraphQL executor that compiles selections. It knows GraphQL and Strawberry, but nothing of the domain.

A normal executor completes a response field by field: it calls a resolver, builds an info object and a path,
and checks the result. Most fields here are attributes of a row, or keys of its JSON document, and need less.
So `CompilingExecutor` generates Python functions for the selection below each root field, called its plan.
The document cache stores plans, so that they are generated once for each document.

**What compiles.** Fields without a resolver, static methods that take only their parent, and the kinds of fields
in `gateway.execution.fields`. Also objects, lists, interfaces, unions with one `resolve_type`, `__typename`,
aliases, fragments, `@skip` and `@include`. A query whose root fields all have plans skips parsing, validation and
graphql-core's execution from its second request on (`gateway.execution.operations`).

**What falls back.** A root field stays on the normal executor if a selected field has another kind of resolver,
such as one that takes an info or arguments, or if `@defer` is used. If a plan fails, the normal executor runs
again: for errors of resolvers and batches, and for values that GraphQL does not allow. If the JSON document of a
row is malformed, only this row is read key by key. Each fallback is counted (`gateway.execution.fallbacks`).

**Why it is exact.** A plan returns what the normal executor returns, or nothing. graphql-core itself groups the
selected fields. A leaf is used unchanged only if its serializer would return the same value; otherwise generated
code calls the serializer. Errors, with messages and paths, always come from the normal executor. Tests compare the
bytes of both executors for random operations and malformed documents.

**What is read.** A plan knows which columns it reads of rows (`READ_COLUMNS`), so that statements fetch no others
(see `gateway.database.reading`). A field that does not declare its columns may read any.

**Packages.** `compiler` generates plans. `inputs` coerces variables and arguments. `limits` measures documents and
computes costs.

The context of an operation must have these attributes:

- `document`: the `ExecutableDocument`;
- `check_cost(cost)`: called with the cost of lists, before variables are coerced; it raises to refuse them;
- `charge(cost)`: called before each execution, so twice after a fallback; it raises to refuse the operation;
- `begin_mutations(list_fields)`: called before mutations, with a function that returns them with their arguments;
- `load(loader, key, *arguments)`: loads one value on the normal executor;
- `load_many(loader, keys, arguments, columns)`: loads all values of a batch for a plan;
- `answer.average_row_bytes`: the average size of the rows read so far, or 0 if they are few bytes altogether;
- `answer.check(size)`: called with the bytes of data written so far; it raises if they are too many;
- `expect_columns(columns, once)`: called before a compiled operation, with the columns it reads, and whether one
  statement was enough before;
- `reads`: the number of statements read so far.
"""

from gateway.execution._private import get_graphql_schema
from gateway.execution.compiler import encode_json
from gateway.execution.document_cache import DocumentCache, ExecutableDocument
from gateway.execution.executor import CompilingExecutor, DocumentPreparation
from gateway.execution.fields import (
    READ_COLUMNS,
    BatchedField,
    BatchLoader,
    BatchRequest,
    Decoding,
    DocumentField,
    Int32,
    RowField,
    declare_columns,
)
from gateway.execution.inputs import (
    FormattedInput,
    LeafFormat,
    install_input_converters,
    set_leaf_format,
)
from gateway.execution.limits import ARGUMENTS_COST, COUNT_COST, ArgumentsCost, Cost, DocumentLimits, ListSize
from gateway.execution.root_fields import RootFieldCall

__all__ = [
    "ARGUMENTS_COST",
    "COUNT_COST",
    "READ_COLUMNS",
    "ArgumentsCost",
    "BatchLoader",
    "BatchRequest",
    "BatchedField",
    "CompilingExecutor",
    "Cost",
    "Decoding",
    "DocumentCache",
    "DocumentField",
    "DocumentLimits",
    "DocumentPreparation",
    "ExecutableDocument",
    "FormattedInput",
    "Int32",
    "LeafFormat",
    "ListSize",
    "RootFieldCall",
    "RowField",
    "declare_columns",
    "encode_json",
    "get_graphql_schema",
    "install_input_converters",
    "set_leaf_format",
]
