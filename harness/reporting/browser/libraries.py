"""The scripts that a page carries: they come from installed packages, and nothing is downloaded."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import vl_convert


@dataclass(frozen=True, slots=True)
class Library:
    """A script of others.

    Attributes:
        name: with its version.
        licence: with the owner of the copyright.
        address: of its home page.
        script: JavaScript.
    """

    name: str
    licence: str
    address: str
    script: str


@lru_cache(maxsize=1)
def vega() -> Library:
    """Draws charts from Vega-Lite specifications: defines `vegaEmbed`."""
    return Library(
        name=f"Vega {vl_convert.get_vega_version()}, Vega-Lite {_vega_lite_version()} "
        f"and Vega-Embed {vl_convert.get_vega_embed_version()}",
        licence="BSD 3-Clause, University of Washington Interactive Data Lab",
        address="https://vega.github.io",
        script=vl_convert.javascript_bundle(
            "window.vegaEmbed = vegaEmbed;", vl_version=_vega_lite_version()
        ),
    )


@lru_cache(maxsize=1)
def data_tables() -> Library:
    """Sorts and filters tables: a module whose default export is `DataTable`.

    Raises:
        FileNotFoundError: the installed version of itables keeps it elsewhere.
    """
    package = find_spec("itables")  # importing it imports pandas' display, half a second
    assert package is not None
    assert package.origin is not None
    return Library(
        name=f"DataTables and jQuery, as packaged by itables {version('itables')}",
        licence="MIT, SpryMedia Ltd; MIT, OpenJS Foundation; MIT, Marc Wouts",
        address="https://datatables.net",
        script=(Path(package.origin).parent / "html" / "dt_bundle.js").read_text(encoding="utf-8"),
    )


def _vega_lite_version() -> str:
    return str(max(vl_convert.get_vegalite_versions(), key=_number))


def _number(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))
