"""`gateway keys`: create, list and revoke."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from gateway import services
from gateway.cli.database import blocking, configured, opened
from gateway.cli.identifiers import identifier
from gateway.cli.terminal import err, out, show
from gateway.database.tables import ApiKey
from gateway.domain import origins
from gateway.domain.calendar import instants
from gateway.domain.enums import Permission
from gateway.settings import variable

keys = typer.Typer(no_args_is_help=True, help="Create, list and revoke the API keys that clients come with.")


def _permission(name: str) -> Permission:
    try:
        return Permission[name]
    except KeyError:
        allowed = ", ".join(permission.name for permission in Permission)
        raise typer.BadParameter(f"there is no permission {name}; there are {allowed}") from None


def _origin(text: str) -> str:
    try:
        return origins.check(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def _warn_of_origins(given: Iterable[str]) -> None:
    allowed = configured().allowed_origins.split()
    for origin in given:
        if origin not in allowed:
            err.print(
                f"Browsers will not let pages of {origin} ask before {variable('allowed_origins')} of the server "
                "names it.",
                markup=False,
            )


def _expiry(text: str) -> datetime:
    """The instant that a number of days from now, or an RFC 3339 instant, stands for."""
    try:
        found = instants.now() + timedelta(days=int(text)) if text.isdecimal() else instants.parse(text)
    except OverflowError:
        found = None
    if found is None or found <= instants.now():
        raise typer.BadParameter("give a number of days, or an instant to come such as 2030-01-31T00:00:00Z")
    return found


_Permissions = Annotated[
    list[Permission] | None,
    typer.Option(
        parser=_permission,
        metavar="PERMISSION",
        help=f"What it allows; may be repeated. {', '.join(permission.name for permission in Permission)}.",
    ),
]
_ForWidgets = Annotated[
    bool,
    typer.Option(
        "--for-widgets",
        help="A key for public pages: it allows READ_STATISTICS alone, to pages of the origins that are named.",
    ),
]
_Origins = Annotated[
    list[str] | None,
    typer.Option(
        parser=_origin,
        metavar="ORIGIN",
        help="With --for-widgets: whose pages use it, such as https://clinic.example; may be repeated.",
    ),
]


@keys.command()
@blocking
async def create(
    team: Annotated[
        str, typer.Option(parser=identifier, metavar="ID", help="The team; made when it does not exist.")
    ],
    user: Annotated[
        str, typer.Option(parser=identifier, metavar="ID", help="The user; made when they do not exist.")
    ],
    name: Annotated[str, typer.Option(metavar="TEXT", help="What the key is for; shown in lists.")],
    permission: _Permissions = None,
    for_widgets: _ForWidgets = False,
    origin: _Origins = None,
    expires_in: Annotated[
        datetime | None,
        typer.Option(parser=_expiry, metavar="DAYS|INSTANT", help="When it ends to be good; never when absent."),
    ] = None,
) -> None:
    """Create a key and print it: once, alone on stdout. It cannot be shown again."""
    if for_widgets == (permission is not None):
        raise typer.BadParameter("give either --permission or --for-widgets")
    if for_widgets == (origin is None):
        raise typer.BadParameter("give --origin with --for-widgets, and only with that")
    async with opened() as database, database.write() as session:
        key = await services.keys.create(
            session,
            team_id=team,
            user_id=user,
            name=name,
            permissions=permission or [Permission.READ_STATISTICS],
            origins=origin or (),
            expires_at=expires_in,
        )
    _warn_of_origins(origin or ())
    err.print(f"A key for user {user} of team {team}. It is shown this once:", markup=False)
    typer.echo(key)


@keys.command("list")
@blocking
async def list_(
    team: Annotated[str | None, typer.Option(parser=identifier, metavar="ID", help="Only this team's.")] = None,
) -> None:
    """List keys, the oldest of each team first. Of a key only its prefix is known."""
    async with opened() as database, database.read() as session:
        found = await services.keys.listed(session, team)
    table = Table("Prefix", "Team", "User", "Name", "Permissions", "Origins", "Created", "State")
    for key in found:
        table.add_row(
            key.prefix,
            escape(key.team_id),
            escape(key.user_id),
            escape(key.name),
            "\n".join(Permission(value).name for value in key.permissions),
            "\n".join(key.origins),
            f"{key.created_at:%Y-%m-%d}",
            _state(key),
        )
    show(table)


def _state(key: ApiKey) -> str:
    if key.revoked_at is not None:
        return f"revoked {key.revoked_at:%Y-%m-%d}"
    if key.expires_at is None:
        return "good"
    return f"{'expired' if key.expires_at <= instants.now() else 'good until'} {key.expires_at:%Y-%m-%d}"


@keys.command()
@blocking
async def revoke(
    prefix: Annotated[
        str, typer.Argument(metavar="PREFIX", help="The key's prefix, as `gateway keys list` shows it.")
    ],
) -> None:
    """Make a key useless from now on."""
    # Whoever pastes the whole key must not read its secret in an error.
    public = prefix.split("_")[1] if prefix.startswith("gw_") else prefix
    async with opened() as database, database.write() as session:
        key = await services.keys.revoke(session, public)
    out.print(f"The key {key.prefix} of user {key.user_id} is revoked.", markup=False)
