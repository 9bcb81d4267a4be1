"""The command `gateway doctor`."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from rich.markup import escape
from rich.table import Table

from gateway import services
from gateway.assets import Assets
from gateway.cli.database import configure_command, find_unknown_variables, open_database, run_blocking
from gateway.cli.terminal import print_table
from gateway.database import Database, Pooler, describe_source, diagnostics, migrations, search_index
from gateway.errors import SchemaNotAtHead, SettingsInvalid, Unavailable
from gateway.settings import Settings

_MIN_FREE_BYTES = 512 * 2**20
_MIN_POSTGRESQL = 15
_ZONES = ("America/Chicago", "Africa/Cairo", "Asia/Kathmandu")
_PRAGMAS = {"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1"}


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check, with a remedy if there is a problem."""

    check: str
    observation: str
    remedy: str | None = None


@run_blocking
async def doctor() -> None:
    """Check settings, files, disk and database. Print remedies, and exit with 1 if there is a problem."""
    table = Table("Check", "", "Result", "Remedy")
    problems = 0
    async for finding in _run_checks():
        problems += finding.remedy is not None
        state = "[green]OK[/]" if finding.remedy is None else "[bold red]PROBLEM[/]"
        table.add_row(finding.check, state, escape(finding.observation), escape(finding.remedy or ""))
    print_table(table)
    if problems:
        raise typer.Exit(1)


async def _run_checks() -> AsyncIterator[Finding]:
    yield _check_time_zones()
    yield _check_assets()
    try:
        settings = configure_command()
    except SettingsInvalid as error:
        yield Finding("settings", str(error), "Correct the settings; `gateway settings` lists all of them.")
        return
    yield _check_variables()
    yield _check_trusted_documents(settings)
    yield _check_disk(settings)
    try:
        async with open_database(settings) as database:
            if not database.is_sqlite:
                yield await _check_pooler(database, settings)
            async for finding in _check_database(database):
                yield finding
    except Unavailable as error:
        yield Finding("database", str(error), "Start the database, or correct GATEWAY_DATABASE_URL.")


def _check_time_zones() -> Finding:
    try:
        for name in _ZONES:
            ZoneInfo(name)
    except ZoneInfoNotFoundError as error:
        return Finding("time zones", str(error), "Install the package tzdata again.")
    return Finding("time zones", f"{', '.join(_ZONES)} are known")


def _check_assets() -> Finding:
    assets = Assets()
    missing = [pin.spec for pin in assets.find_missing()]
    if missing:
        return Finding("assets", f"{', '.join(missing)} missing: {assets.failure_reason}", "Run `gateway assets`.")
    return Finding("assets", f"{', '.join(pin.spec for pin in assets.pins)} installed")


def _check_variables() -> Finding:
    unknown = find_unknown_variables()
    if unknown:
        return Finding(
            "settings",
            f"unknown: {', '.join(unknown)}",
            "Unset them; `gateway settings` lists all settings.",
        )
    return Finding("settings", "all are valid")


def _check_trusted_documents(settings: Settings) -> Finding:
    # The GraphQL schema is slow to import.
    from gateway.web import load_trusted_documents  # noqa: PLC0415

    try:
        count = len({*load_trusted_documents(settings).values()})
    except SettingsInvalid as error:
        return Finding("trusted documents", str(error), "Correct the manifest or the settings.")
    mode = settings.trusted_documents
    return Finding("trusted documents", mode if mode == "off" else f"{mode}, {count} valid documents")


def _check_disk(settings: Settings) -> Finding:
    """Check the disk of the SQLite file, or of the working directory for PostgreSQL."""
    file = settings.sqlite_file or Path("any")
    folder = next(folder for folder in file.absolute().parents if folder.exists())
    free = shutil.disk_usage(folder).free
    seen = f"{free / 2**30:.1f} GiB free in {folder}"
    return Finding("disk", seen, None if free >= _MIN_FREE_BYTES else "Free at least 512 MiB.")


async def _check_database(database: Database) -> AsyncIterator[Finding]:
    try:
        await migrations.require_compatible(database)
    except SchemaNotAtHead as error:
        yield Finding("schema", error.observation, error.remedy)
        return
    current = await migrations.get_current(database)
    if current == migrations.get_head():
        yield Finding("schema", f"at revision {current} of this release")
        difference = await migrations.find_differences(database)
        remedy = None if difference is None else "The tables were changed by hand: undo the changes."
        yield Finding("tables", difference or "as this release expects", remedy)
    else:
        yield Finding("schema", f"at revision {current} of a newer release, which this release can serve")
    yield await _check_secret_keys(database)
    yield await _check_search_index(database)
    orphans = await diagnostics.find_orphans(database)
    yield Finding("references", ", ".join(orphans) or "intact", "Restore a backup." if orphans else None)
    if database.is_sqlite:
        yield await _check_sqlite(database)
    else:
        yield await _check_postgresql(database)


async def _check_secret_keys(database: Database) -> Finding:
    """Name the keys of tokens by their ids, the newest first, and count the integrations of each."""
    try:
        ids = database.keyring.ids
    except SettingsInvalid as error:
        return Finding("secret keys", str(error), "Restore the keys, or set them.")
    async with database.read() as reader:
        used = await services.secrets.list_used_keys(reader)
        counts = await services.secrets.count_by_key(reader)
    missing = [id for id in sorted({*used, *counts}) if id not in ids]
    numbers = ", ".join(f"{counts[id]} with {id}" for id in (*ids, *missing))
    seen = f"integrations: {numbers}; keys from {describe_source(database.settings)}"
    if missing:
        return Finding("secret keys", seen, f"Add the missing key {', '.join(missing)}, from a backup.")
    return Finding("secret keys", seen)


async def _check_search_index(database: Database) -> Finding:
    exists, wanted = await search_index.exists(database), database.settings.search_index
    seen = "searches use an index" if exists else "no index: each search reads all records of an integration"
    if exists == wanted:
        return Finding("search", seen)
    if exists:
        return Finding("search", seen, "Run `gateway migrate` to drop it, as GATEWAY_SEARCH_INDEX=false says.")
    remedy = (
        "Run `gateway migrate`"
        if database.is_sqlite
        else ("Install the extensions pg_trgm and btree_gin, and run `gateway migrate`")
    )
    return Finding("search", seen, f"{remedy}; or set GATEWAY_SEARCH_INDEX=false.")


async def _check_sqlite(database: Database) -> Finding:
    found = await diagnostics.read_sqlite_pragmas(database)
    seen = ", ".join(f"{name}={value}" for name, value in found.items())
    if found["quick_check"] != "ok":
        return Finding("SQLite", seen, "The file is damaged: restore a backup.")
    wrong = any(found[name] != value for name, value in _PRAGMAS.items())
    return Finding("SQLite", seen, "Keep the file on a local disk, where WAL works." if wrong else None)


async def _check_postgresql(database: Database) -> Finding:
    found = await diagnostics.read_postgresql_settings(database)
    seen = f"PostgreSQL {found['server_version']}, {found['server_encoding']}"
    if int(found["server_version"].split(".")[0]) < _MIN_POSTGRESQL:
        return Finding("PostgreSQL", seen, f"Use PostgreSQL {_MIN_POSTGRESQL} or newer.")
    remedy = None if found["server_encoding"] == "UTF8" else "Create a database with the encoding UTF8."
    return Finding("PostgreSQL", seen, remedy)


async def _check_pooler(database: Database, settings: Settings) -> Finding:
    pooler = await database.find_pooler()
    seen = "connected directly" if pooler is Pooler.NONE else f"connected through a pooler in {pooler} mode"
    if pooler is Pooler.TRANSACTION and settings.database_pooler == "none":
        return Finding("pooler", seen, "Set GATEWAY_DATABASE_POOLER=transaction.")
    if settings.database_pooler == "transaction" and pooler is not Pooler.TRANSACTION:
        seen += "; without GATEWAY_DATABASE_POOLER=transaction, statements take less time"
    return Finding("pooler", seen)
