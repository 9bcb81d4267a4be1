"""A GraphQL executor that compiles selections over plain data.

It knows GraphQL and Strawberry, and no domain word.

Completing a value field by field, each with its resolver call, its info object and its path, is most of what a
GraphQL server in Python spends. Where the values are plain, none of it is needed: what a selection makes of a
source is a dictionary display. `CompilingExecutor` finds, for each root field of an operation, a plan: the
selection below it as generated functions, made at first sight and kept with the parsed document.

**What compiles.** Fields read by attribute; `PlainField`, a pure function of its source; static methods of a
type that take nothing but their parent; `BatchedField`, whose values for all sources of an operation are found
at once; objects of these, interfaces and unions whose types share one `resolve_type`, lists, nulls,
`__typename`, aliases, fragments, `@skip` and `@include`.

**Documents.** A row may hold JSON text, a part of which is selected. Its `DocumentField`s say how their keys are
decoded; for each place one type is made of what is selected there, and msgspec decodes and checks just that and
skips the rest. What is selected as it is named and stored is response data then: nobody touches it until msgspec
writes it. Where a part may be of several types, its `resolve_type` tells by the row, before anything is decoded;
a `RowField` needs no more than the row either.

**Straight and careful.** Documents are mostly well-formed, and never surely so. What msgspec refuses of a row's
document, and what code raises for that was made of it, is given by the row's careful function, where every field
is read as a resolver reads it. So an odd row costs little, and its neighbours nothing. Careful from the start are
rows of which something has to be read that was only decoded, such as by a resolver that takes an entry of a list.

**Very many rows.** An answer of more than a few hundred rows is written to bytes slice by slice; in between, the
loop and other threads have their turn.

**What falls back.** A root field below which anything else is selected (a resolver with arguments or an info
object, `@defer`) is answered by the ordinary executor, from the same value of the root field's resolver. So is
one whose plan meets something on its way that not even careful code takes: a null where the schema promises a
value, a leaf of another type, an exception of a batch.

**What is read.** A plan knows which attributes it reads of the objects it is given and of those each batch finds
(`Compiler.attributes`, `Stage.attributes`), so that no others need to be fetched. A field without a resolver reads
the attribute of its name; any other says what it reads under `READS` in its metadata, and a `resolve_type` by
`reads`. Where one does not say, nobody knows: the plan reads anything.

**Why it is exact.** A plan either gives what the ordinary executor would give or gives nothing: leaves are
accepted only in the very form that their serializer would leave as it is (or are serialized by it), and errors,
with their messages, paths and nulls, are always the ordinary executor's own. Selections are collected by
graphql-core itself.

**Writing fields for it.** Declare what a field is rather than how it is fetched::

    name: str                                             # an attribute of the source
    npi: str = PlainField(...)                            # a function of the source
    code: str = DocumentField(...)                        # a key of an object in the row's document
    useCases: Connection[UseCase] = BatchedField(...)     # one batch for all sources

**Known operations.** A query all of whose root fields have plans is known from then on: it is answered without
being validated or executed (`Operation.answer`). Where that does not go well it gives None, and the query is to be
executed from its beginning; see `gateway.execution.operations`.

**Limits.** A text becomes an `ExecutableDocument` only within the limits that are set (`Limits`), all of which are
found in time that grows as the text does. What it costs to execute is known from its selections, its variables and
what the schema declares (`Cost`, `ListSize`): the selections are walked once, and what is left for each request is
a little arithmetic. `Documents` keeps what was asked last, with all that was found out of it: so no other bounds
are needed for memory.

The context of an operation has to offer `document` (where the operation stands), `charge` (told what the operation
costs before it is executed, perhaps twice; it raises what refuses it), `compiles_selections` (whether plans are
wanted at all), `load` (one request of an ordinary execution, to be batched with others), `load_many` (all requests
of a plan at once), `expect` (told of a known operation before it runs: which attributes its resolvers need, and
whether one statement is all it reads) and `reads` (how many statements it has read by so far).
"""

from gateway.execution.compiler import encode_json
from gateway.execution.document_cache import DocumentCache, ExecutableDocument
from gateway.execution.executor import CompilingExecutor, DocumentPreparation
from gateway.execution.fields import (
    READ_ATTRIBUTES,
    BatchedField,
    BatchLoader,
    BatchRequest,
    Binder,
    Decoding,
    DocumentField,
    Int32,
    PlainField,
    RowField,
    declare_read_attributes,
)
from gateway.execution.inputs import (
    FormattedInput,
    LeafFormat,
    install_input_converters,
    set_leaf_format,
)
from gateway.execution.limits import Cost, DocumentLimits, ListSize

__all__ = [
    "READ_ATTRIBUTES",
    "BatchLoader",
    "BatchRequest",
    "BatchedField",
    "Binder",
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
    "PlainField",
    "RowField",
    "declare_read_attributes",
    "encode_json",
    "install_input_converters",
    "set_leaf_format",
]
