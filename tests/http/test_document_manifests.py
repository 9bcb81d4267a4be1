"""Manifests of trusted documents: errors of invalid ones at the start, and the modes that need one."""

import json
from pathlib import Path

import pytest

from gateway.settings import Settings
from gateway.web.trusted_documents import load_trusted_documents
from tests.http.test_trusted_documents import OTHER, UNTRUSTED, build_apollo_manifest, sha256
from tests.support.commands import run_gateway
from tests.support.endpoints import VIEWER

pytestmark = pytest.mark.usefixtures("restored_logging")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[]", "must be an object: a manifest of the format apollo-persisted-query-manifest, or documents by"),
        ("{", "is not JSON in UTF-8: "),
        ('{"a": "{ viewer { userId } }", "a": "{ viewer { teamId } }"}', "has the key `a` twice in one object"),
        ('{"format": "other"}', "must have the `format` apollo-persisted-query-manifest, `version` 1 and a list"),
        (
            build_apollo_manifest(a="{ nothing }"),
            ": operations[0]: Cannot query field 'nothing' on type 'Query'. (line 1, column 3)",
        ),
        (
            build_apollo_manifest(a=VIEWER, b="{"),
            ": operations[1]: Syntax Error: Expected Name, found <EOF>. (line 1, column 2)",
        ),
        (
            build_apollo_manifest(a="{ " + " ".join(f"a{n}: __typename" for n in range(31)) + " }"),
            ": operations[0]: The operation has 31 fields at its root; at most 20 are allowed.",
        ),
        (
            build_apollo_manifest(**{"md5:0": VIEWER}),
            ": operations[0]: an id must be `sha256:` with 64 hexadecimal digits in lower case",
        ),
        ('{"a": 1}', ": a: needs an id and a document, both as text"),
        (
            build_apollo_manifest(a=VIEWER).replace('"a"', "1"),
            ": operations[0]: needs an id and a document, both as text",
        ),
        (
            build_apollo_manifest(a=VIEWER)[:-2] + f', {{"id": "a", "body": "{UNTRUSTED}"}}]}}',
            ": operations[1]: another document has the id a already",
        ),
        (
            json.dumps({f"sha256:{sha256(OTHER)}": VIEWER}),
            f": the document's SHA-256 is {sha256(VIEWER)}, not that of its id",
        ),
        ("{" + ", ".join(f'"{n}": "{{ nothing }}"' for n in range(7)) + "}", "; and 2 more"),
        (None, ": No such file or directory"),
    ],
)
def test_an_invalid_manifest_exits_with_2_and_names_the_place_and_reason(
    tmp_path: Path, content: str | None, message: str
) -> None:
    file = tmp_path / "manifest.json"
    if content is not None:
        file.write_text(content)
    url = f"sqlite:///{tmp_path / 'gateway.db'}"
    run_gateway("migrate", database_url=url)
    settings = {"database_url": url, "trusted_documents": "only", "document_manifest": str(file)}
    result = run_gateway("serve", "--port", "0", **settings)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"error: GATEWAY_DOCUMENT_MANIFEST: {file}")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_mode_needs_a_manifest_and_a_manifest_a_mode(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'gateway.db'}"
    run_gateway("migrate", database_url=url)
    for settings, message in (
        (
            {"trusted_documents": "allow"},
            "but GATEWAY_DOCUMENT_MANIFEST is not set: set it to the file of the documents.",
        ),
        (
            {"document_manifest": "m.json"},
            "set GATEWAY_TRUSTED_DOCUMENTS to allow or only, or unset GATEWAY_DOCUMENT_MANIFEST.",
        ),
    ):
        result = run_gateway("serve", "--port", "0", database_url=url, **settings)
        assert (result.exit_code, result.stdout) == (2, "")
        assert message in result.stderr
    assert load_trusted_documents(Settings()) == {}
