"""The commands `gateway keys create`, `list` and `revoke`."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from gateway import services
from gateway.cli.database import configure_command, open_migrated_database, parse_id, run_blocking
from gateway.cli.terminal import err, out, print_table
from gateway.database import ApiKey
from gateway.domain import origins
from gateway.domain.bounds import MAX_NAME_LENGTH, is_blank
from gateway.domain.calendar import instants
from gateway.domain.enums import Permission
from gateway.settings import get_variable_name

keys = typer.Typer(no_args_is_help=True, help="Create, list and revoke API keys.")


def _parse_permission(name: str) -> Permission:
    try:
        return Permission[name]
    except KeyError:
        allowed = ", ".join(permission.name for permission in Permission)
        raise typer.BadParameter(f"{name} is not a permission; use {allowed}") from None


def _parse_name(text: str) -> str:
    if is_blank(text) or len(text) > MAX_NAME_LENGTH:
        raise typer.BadParameter(f"a name has 1 to {MAX_NAME_LENGTH} characters and is not blank")
    return text


def _parse_origin(text: str) -> str:
    try:
        return origins.check_origin(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def _warn_of_unlisted_origins(origins_of_key: Iterable[str]) -> None:
    allowed = configure_command().allowed_origins.split()
    for origin in origins_of_key:
        if origin not in allowed:
            err.print(
                f"Browsers block queries from pages of {origin} until "
                f"{get_variable_name('allowed_origins')} of the server contains it.",
                markup=False,
            )


def _parse_expiry(text: str) -> datetime:
    """Parse a number of days from now, or an RFC 3339 instant in the future."""
    try:
        expiry = instants.now() + timedelta(days=int(text)) if text.isdecimal() else instants.parse_instant(text)
    except OverflowError:
        expiry = None
    if expiry is None or expiry <= instants.now():
        raise typer.BadParameter("use a number of days, or a future instant such as 2030-01-31T00:00:00Z")
    return expiry


_PermissionOption = Annotated[
    list[Permission] | None,
    typer.Option(
        parser=_parse_permission,
        metavar="PERMISSION",
        help=f"Permission; can be repeated. One of {', '.join(permission.name for permission in Permission)}.",
    ),
]
_ForWidgetsOption = Annotated[
    bool,
    typer.Option(
        "--for-widgets",
        help="Create a widget key for public pages: READ_STATISTICS only, on pages of the given origins.",
    ),
]
_OriginOption = Annotated[
    list[str] | None,
    typer.Option(
        parser=_parse_origin,
        metavar="ORIGIN",
        help="With --for-widgets: origin of the pages, such as https://clinic.example; can be repeated.",
    ),
]


@keys.command()
@run_blocking
async def create(
    team: Annotated[
        str, typer.Option(parser=parse_id, metavar="ID", help="Id of the team; created if it does not exist.")
    ],
    user: Annotated[
        str, typer.Option(parser=parse_id, metavar="ID", help="Id of the user; created if it does not exist.")
    ],
    name: Annotated[str, typer.Option(parser=_parse_name, metavar="TEXT", help="Purpose of the key, for lists.")],
    permission: _PermissionOption = None,
    for_widgets: _ForWidgetsOption = False,
    origin: _OriginOption = None,
    expires_in: Annotated[
        datetime | None,
        typer.Option(parser=_parse_expiry, metavar="DAYS|INSTANT", help="When the key expires; never if absent."),
    ] = None,
) -> None:
    """Create a key and print it on stdout. It cannot be shown again."""
    if for_widgets == (permission is not None):
        raise typer.BadParameter("use either --permission or --for-widgets")
    if for_widgets == (origin is None):
        raise typer.BadParameter("use --origin with --for-widgets, and only there")
    async with open_migrated_database() as database, database.write() as session:
        key = await services.keys.create_key(
            session,
            team_id=team,
            user_id=user,
            name=name,
            permissions=permission or [Permission.READ_STATISTICS],
            origins=origin or (),
            expires_at=expires_in,
        )
    _warn_of_unlisted_origins(origin or ())
    err.print(f"Key for user {user} of team {team}. It cannot be shown again:", markup=False)
    typer.echo(key)


@keys.command("list")
@run_blocking
async def list_(
    team: Annotated[str | None, typer.Option(parser=parse_id, metavar="ID", help="Only this team.")] = None,
) -> None:
    """List keys by their prefixes, oldest of each team first, with the hour (UTC) of their last use."""
    async with open_migrated_database() as database, database.read() as session:
        found = await services.keys.list_keys(session, team)
    table = Table("Prefix", "Team", "User", "Name", "Permissions", "Origins", "Created", "Last used", "State")
    for key in found:
        table.add_row(
            key.prefix,
            escape(key.team_id),
            escape(key.user_id),
            escape(key.name),
            "\n".join(Permission(value).name for value in key.permissions),
            "\n".join(key.origins),
            f"{instants.to_instant(key.created_at):%Y-%m-%d}",
            "never" if key.last_used_at is None else f"{instants.to_instant(key.last_used_at):%Y-%m-%d %H:00}",
            _format_state(key),
        )
    print_table(table)


def _format_state(key: ApiKey) -> str:
    if key.revoked_at is not None:
        return f"revoked {instants.to_instant(key.revoked_at):%Y-%m-%d}"
    if key.expires_at is None:
        return "valid"
    expires_at = instants.to_instant(key.expires_at)
    return f"{'expired' if expires_at <= instants.now() else 'valid until'} {expires_at:%Y-%m-%d}"


@keys.command()
@run_blocking
async def revoke(
    prefix: Annotated[str, typer.Argument(metavar="PREFIX", help="Prefix of the key, from `gateway keys list`.")],
) -> None:
    """Revoke a key and end its sessions."""
    # If the user pastes a whole key, no error message may show its secret.
    public = prefix.split("_")[1] if prefix.startswith("gw_") else prefix
    async with open_migrated_database() as database, database.write() as session:
        key = await services.keys.revoke_key(session, public)
    out.print(f"The key {key.prefix} of user {key.user_id} is revoked.", markup=False)
