"""The catalogue of REST operations. A new one is one entry here."""

from collections.abc import Sequence

from gateway.rest.exports import ExportParameters, answer_export
from gateway.rest.interactly import INTERACTLY
from gateway.rest.operations import AnyOperation, ReadOperation, System

SYSTEMS: Sequence[System] = (INTERACTLY,)
"""All systems. Their paths do not overlap."""

OPERATIONS: Sequence[AnyOperation] = (
    ReadOperation(
        name="export",
        path="/integrations/v2/integrations/{integration_id}/export",
        system=INTERACTLY,
        parameters=ExportParameters,
        cost=lambda _: 1002,
        answer=answer_export,
        is_export=True,
    ),
)
