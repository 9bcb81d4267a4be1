"""GraphQL Code Generator's client preset with the settings of `docs/asking.md`, checked by TypeScript."""

import json

import pytest

from tests.support.client_workspace import Workspace

pytestmark = pytest.mark.slow

TSCONFIG = {
    "compilerOptions": {
        "module": "esnext",
        "moduleResolution": "bundler",
        "noEmit": True,
        "skipLibCheck": True,
        "strict": True,
        "target": "es2022",
    },
    "include": ["codegen.ts", "src"],
}
WRONG = """
import { type RECORDS, listDates } from "./records";
import type { VariablesOf } from "@graphql-typed-document-node/core";

export const dates: number[] = listDates({ node: null });
export const variables: VariablesOf<typeof RECORDS> = { after: 1 };
"""


async def test_generated_types_are_strict(npm_workspace: Workspace) -> None:
    npm_workspace.add("codegen.ts", "src/records.ts")
    folder = npm_workspace.folder
    (folder / "tsconfig.json").write_text(json.dumps(TSCONFIG))
    code, output, errors = await npm_workspace.run("node_modules/.bin/graphql-codegen")
    assert code == 0, output + errors
    assert await npm_workspace.run("node_modules/.bin/tsc") == (0, "", "")

    (folder / "src" / "wrong.ts").write_text(WRONG)
    code, output, _ = await npm_workspace.run("node_modules/.bin/tsc", "--pretty", "false")
    assert code != 0
    assert [line.split(": ")[1] for line in output.splitlines() if line[0] != " "] == ["error TS2322"] * 2
