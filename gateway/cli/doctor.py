"""`gateway doctor`."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from rich.markup import escape
from rich.table import Table

from gateway.assets import Assets
from gateway.cli.database import configure_command, open_database, run_blocking
from gateway.cli.terminal import print_table
from gateway.database import Database, diagnostics, migrations
from gateway.errors import DatabaseUnavailable, SchemaNotAtHead, SettingsInvalid
from gateway.settings import Settings, find_unknown_variables

_MIN_FREE_BYTES = 512 * 2**20
_MIN_POSTGRESQL = 15
_ZONES = ("America/Chicago", "Africa/Cairo", "Asia/Kathmandu")
_PRAGMAS = {"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1"}


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check saw, and what to do where that is a problem."""

    check: str
    observation: str
    remedy: str | None = None


@run_blocking
async def doctor() -> None:
    """Check what the gateway needs, and say what to do about each problem. Ends with 1 when there is any."""
    table = Table("Check", "", "Seen", "What to do")
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
        yield Finding("settings", str(error), "Correct them; `gateway settings` lists them all.")
        return
    yield _check_variables()
    yield _check_trusted_documents(settings)
    yield _check_disk(settings)
    try:
        async with open_database(settings) as database:
            async for finding in _check_database(database):
                yield finding
    except DatabaseUnavailable as error:
        yield Finding("database", str(error), "Start it, or correct GATEWAY_DATABASE_URL.")


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
    return Finding("assets", f"{', '.join(pin.spec for pin in assets.pins)} in place")


def _check_variables() -> Finding:
    unknown = find_unknown_variables()
    if unknown:
        return Finding("settings", f"unknown: {', '.join(unknown)}", "Unset them; `gateway settings` lists all.")
    return Finding("settings", "all can be read, none is unknown")


def _check_trusted_documents(settings: Settings) -> Finding:
    # The graph takes a while; other commands do without.
    from gateway.web import trusted_documents  # noqa: PLC0415

    try:
        count = len({*trusted_documents.load_trusted_documents(settings).values()})
    except SettingsInvalid as error:
        return Finding("trusted documents", str(error), "Correct the manifest, or the settings.")
    mode = settings.trusted_documents
    return Finding("trusted documents", mode if mode == "off" else f"{mode}, {count} of them, all valid")


def _check_disk(settings: Settings) -> Finding:
    """Where the SQLite file is or will be; in the working folder when the database is elsewhere."""
    file = settings.sqlite_file or Path("any")
    folder = next(folder for folder in file.absolute().parents if folder.exists())
    free = shutil.disk_usage(folder).free
    seen = f"{free / 2**30:.1f} GiB free in {folder}"
    return Finding("disk", seen, None if free >= _MIN_FREE_BYTES else "Make room: at least 512 MiB.")


async def _check_database(database: Database) -> AsyncIterator[Finding]:
    try:
        await migrations.require_head(database)
    except SchemaNotAtHead as error:
        yield Finding("schema", str(error), "Run `gateway migrate`.")
        return
    yield Finding("schema", f"at {migrations.get_head()}, this release's revision")
    difference = await migrations.find_differences(database)
    remedy = None if difference is None else "Somebody changed the tables by hand: undo that."
    yield Finding("tables", difference or "as this release works with them", remedy)
    orphans = await diagnostics.find_orphans(database)
    yield Finding("references", ", ".join(orphans) or "intact", "Restore a backup." if orphans else None)
    yield await (_check_sqlite(database) if database.is_sqlite else _check_postgresql(database))


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
    remedy = None if found["server_encoding"] == "UTF8" else "Make a database with the encoding UTF8."
    return Finding("PostgreSQL", seen, remedy)
