"""The demo: its data is always the same and like that of a real clinic group, and its printed commands work."""

import json
import re
import sqlite3
import subprocess
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from gateway.demo import appointments
from gateway.demo.clinics import CLINICS, LAKESIDE, TEAMS, build_integration
from gateway.demo.exports import build_clinic_export, build_clinic_exports
from gateway.demo.groups import GROUPS
from gateway.demo.webhooks import build_webhooks
from gateway.domain.calendar import instants
from gateway.domain.enums import AppointmentType, BookingStatus, TokenState
from gateway.domain.integrations import get_token_state
from gateway.rest import OPERATIONS
from tests.support.commands import run_gateway, start_server
from tests.support.openapi import get_validator

NOW = datetime(2026, 3, 18, 17, 30, tzinfo=UTC)
FIELDS = ["integrationExport", "upsertUseCaseGroup", "appointmentStatistics", "integration", "integrations"]
LINES = len(FIELDS) + len(OPERATIONS)

pytestmark = pytest.mark.usefixtures("restored_logging")


@pytest.fixture(scope="module")
def documents() -> list[Any]:
    return list(build_clinic_exports(NOW))


@pytest.fixture(scope="module")
def bookings(documents: list[Any]) -> list[Any]:
    records = [record for document in documents for record in document["resource_records"]]
    return [record for record in records if record["config"]["type"] == "appointments"]


def test_the_same_instant_gives_the_same_clinics(documents: list[Any]) -> None:
    assert build_clinic_export(CLINICS[2], NOW) == documents[2]
    assert build_webhooks(LAKESIDE, NOW) == build_webhooks(LAKESIDE, NOW)


def test_a_later_instant_of_the_day_only_adds_bookings() -> None:
    clinic = CLINICS[2]

    def list_ids(now: datetime) -> set[Any]:
        records: Any = build_clinic_export(clinic, now)["resource_records"]
        return {record["_id"] for record in records if record["config"]["type"] == "appointments"}

    earlier, later = list_ids(NOW), list_ids(NOW + timedelta(hours=3))
    assert earlier <= later


def test_two_teams_have_five_integrations_of_both_providers_and_six_groups(documents: list[Any]) -> None:
    integrations = [document["integration"] for document in documents]
    assert Counter(found["teamId"] for found in integrations) == {TEAMS[0].id: 3, TEAMS[1].id: 2}
    assert {found["config"]["provider"] for found in integrations} == {"microsoft", "google"}
    assert {group.clinic.slug for group in GROUPS} == {clinic.slug for clinic in CLINICS}
    assert len(GROUPS) == 6


def test_one_token_has_expired() -> None:
    now = instants.now()
    configs: list[Any] = [build_integration(clinic, now)["config"] for clinic in CLINICS]
    states = Counter(
        get_token_state("accessToken" in config, instants.parse_instant(config["expiresAt"]), instants.now())
        for config in configs
    )
    assert states == {TokenState.VALID: 3, TokenState.EXPIRING_SOON: 1, TokenState.EXPIRED: 1}
    assert sum("errorMessage" in config for config in configs) == 1


def test_bookings_are_from_the_last_twelve_months(bookings: list[Any]) -> None:
    creation_times = sorted(booking["createdAt"] for booking in bookings)
    assert 5_000 <= len(creation_times) <= 10_000
    assert creation_times[-1] <= instants.format_instant(NOW)
    assert creation_times[-1] > instants.format_instant(NOW - timedelta(hours=24))
    assert creation_times[0] < instants.format_instant(NOW - timedelta(days=363))
    assert creation_times[0] > instants.format_instant(NOW - timedelta(days=366))


def test_bookings_have_every_type_and_outcome_with_and_without_utm_values(bookings: list[Any]) -> None:
    configs = [booking["config"] for booking in bookings]
    assert {config["appointmentType"] for config in configs} == {type_.value for type_ in AppointmentType}
    assert {config["bookingStatus"] for config in configs} == {status.value for status in BookingStatus}
    for key in ("utmSource", "utmMedium", "utmCampaign"):
        assert 0.2 < sum(key in config for config in configs) / len(configs) < 0.8, key
    assert all(("errorMessage" in config) == (config["bookingStatus"] == "failed") for config in configs)
    assert all(
        booking["createdAt"] < booking["config"]["start"] < booking["config"]["end"] for booking in bookings
    )


def test_bookings_vary_by_weekday_and_month(bookings: list[Any]) -> None:
    days = [
        datetime.fromisoformat(booking["createdAt"]).astimezone(ZoneInfo("America/Chicago"))
        for booking in bookings
    ]
    weekdays, months = Counter(day.weekday() for day in days), Counter(day.month for day in days)
    assert weekdays[0] > weekdays[4] > weekdays[5] > weekdays[6]
    assert months[1] > months[7]


def test_ids_are_unique_and_references_exist(documents: list[Any]) -> None:
    for document in documents:
        records = document["resource_records"]
        ids = {record["_id"] for record in records}
        assert len(ids) == len(records) == len({record["logicalId"] for record in records})
        for record in records:
            config = record["config"]
            referred = {value for key, value in config.items() if key.endswith("Id")}
            assert referred | set(config.get("preferred_visiting_reasons", [])) <= ids


def test_addresses_and_phone_numbers_are_fictional(documents: list[Any]) -> None:
    everything = json.dumps([documents, [build_webhooks(team, NOW) for team in TEAMS]])
    assert set(re.findall(r"\w@([\w.-]+\.\w+)", everything)) == {"example.org"}
    phones = re.findall(r'"phone": "([^"]*)"', everything)
    assert phones
    assert all(re.fullmatch(r"555-01\d\d", phone) for phone in phones)
    hosts = set(re.findall(r"https?://([^/\"]+)", everything)) - {"www.googleapis.com"}
    assert all(host.endswith("example.org") for host in hosts), hosts


def test_a_second_run_of_the_demo_reuses_its_data(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(appointments, "DAYS", 7)
    arguments = ("demo", "--no-serve", "--database", database_url)
    first = run_gateway(*arguments)
    assert first.exit_code == 0, first.output
    assert f"/dashboard?integration={CLINICS[0].id}\n" in first.stdout
    second = run_gateway(*arguments)
    assert second.exit_code == 0, second.output
    lines = [_find_curl_lines(result.stdout) for result in (first, second)]
    assert len(lines[0]) == len(lines[1]) == LINES
    assert _remove_keys(lines[0][:2]) == _remove_keys(lines[1][:2])


def test_a_database_with_other_data_is_refused(empty: str) -> None:
    run_gateway("migrate", database_url=empty)
    key = ("--team", "t", "--user", "u", "--name", "n", "--permission", "ADMIN")
    run_gateway("keys", "create", *key, database_url=empty)
    result = run_gateway("demo", "--no-serve", "--database", empty)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("error: This database contains other data. ")
    with closing(sqlite3.connect(empty.removeprefix("sqlite:///"))) as connection:
        assert connection.execute("SELECT count(*) FROM integration").fetchone() == (0,)


def test_every_printed_curl_command_works(tmp_path: Path) -> None:
    with start_server("demo", "--port", "0", folder=tmp_path) as server:
        lines = server.read_lines(LINES, "curl ")
        for field, line in zip(FIELDS, lines[: len(FIELDS)], strict=True):
            assert server.url in line
            for _ in range(2):
                answer = _run(line)
                assert "errors" not in answer, answer
                assert answer["data"][field], answer
                assert answer["data"][field].get("errors", []) == []
        for operation, line in zip(OPERATIONS, lines[len(FIELDS) :], strict=True):
            for _ in range(2):
                if operation.answer_model is None:
                    assert _run_text(line).startswith("day,timezone,successful,failed,pending\n2")
                else:
                    get_validator(operation.name, "200").validate(_run(line))
        with httpx.Client(base_url=server.url.removesuffix("/graphql")) as browser:
            assert browser.get("/session").json()["team"]["name"] == LAKESIDE.name
            response = browser.post("/graphql", json={"query": "{ viewer { teamId } }"})
            assert response.json() == {"data": {"viewer": {"teamId": LAKESIDE.id}}}
            behind_a_proxy = browser.get("/session", headers={"X-Forwarded-Proto": "https"})
            assert behind_a_proxy.headers["Set-Cookie"].startswith("__Host-gateway_session=")
            browser.cookies.clear()
            assert browser.get("/session", headers={"X-Forwarded-For": "192.0.2.1"}).status_code == 401
        assert server.stop() == 0
    assert list(tmp_path.iterdir()) == []


def _run(line: str) -> Any:
    """Run a line in a shell, and return the answer in JSON."""
    return json.loads(_run_text(line))


def _run_text(line: str) -> str:
    """Run a line in a shell, and return the answer."""
    return subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=True).stdout


def _find_curl_lines(stdout: str) -> list[str]:
    return [line for line in stdout.split("\n") if line.startswith("curl ")]


def _remove_keys(lines: list[str]) -> list[str]:
    return [re.sub(r"gw_[\w-]+", "KEY", line) for line in lines]
