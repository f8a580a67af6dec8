"""A run as one HTML file that plays without a server or a network."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from juste_retour.runs.base.palette import css, look

STAGE = Path(__file__).parent / "stage"
POLICY = (  # workers, WebAssembly and `blob:` are for the model in a single file; nothing is loaded, sent or framed
    "default-src 'none'; script-src 'sha256-{}' blob: 'unsafe-eval' 'wasm-unsafe-eval'; worker-src blob:; "
    "style-src 'unsafe-inline'; img-src data: blob:; font-src data:; connect-src data: blob:; base-uri 'none'; form-action 'none'"
)


def modules(first: str = "replay.js") -> list[str]:
    """The stage's modules that `first` needs, including itself, each after those that it imports."""
    order: list[str] = []

    def visit(name: str) -> None:
        if name in order:
            return
        for needed in re.findall(r'^import .*? from "\./([\w./]+)";$', (STAGE / name).read_text("utf-8"), re.M):
            visit(needed)
        order.append(name)

    visit(first)
    return order


def catalogs() -> dict[str, dict[str, str]]:
    """The translations of the page's texts by language code; see `stage/languages/README.md`."""
    files = sorted((STAGE / "languages").glob("*.json"))
    return {file.stem: json.loads(file.read_text("utf-8")) for file in files}


def style() -> str:
    """The stage's style sheet, with the colors and fonts that it uses."""
    return css(".page") + (STAGE / "stage.css").read_text("utf-8")


def bundled(first: str = "replay.js") -> str:
    """The modules as one script without imports and exports, which works because their top-level names all differ."""
    return script_of(first, catalogs())


def script_of(first: str, known: Mapping[str, Mapping[str, str]]) -> str:
    """The same with some of the catalogs' texts."""
    parts = [f"const CATALOGS = {inlined(known)};", f"const LOOK = {inlined(look())};"]
    for name in modules(first):
        text = (STAGE / name).read_text("utf-8")
        if name.endswith(".mjs"):
            parts.append(enclosed(STAGE / name))
            continue
        text = re.sub(r'^import .*? from "\./[\w./]+";$\n?', "", text, flags=re.M)
        parts.append(re.sub(r"^export (?=(async )?(function|const|let|class) )", "", text, flags=re.M))
    return "\n".join(parts)


def enclosed(module: Path) -> str:
    """A vendored module with its license, wrapped in a constant named after its file, so that other names stay local."""
    content, exports = module.read_text("utf-8").split("export{")
    names = re.sub(r"([\w$]+) as (\w+)", r"\2:\1", exports.split("}")[0])
    license_text = module.with_name("LICENSE").read_text("utf-8")
    return f"/*!\n{license_text}*/\nconst {module.stem} = (() => {{{content}return {{{names}}};}})();"


def inlined(value: object) -> str:
    """JSON that is safe inside a script element."""
    return json.dumps(value, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")


def replay(runs: Sequence[Mapping[str, object]], view: object, geometry: Mapping[str, object]) -> str:
    """The page that plays one or two runs on a map, as HTML."""
    names = " and ".join(str(run["scenario"]) for run in runs)
    seed = runs[0]["seed"] if runs else 0
    content = {"geometry": geometry, "runs": runs, "view": view}
    return page_around(f"juste retour: {names}, seed {seed}", content, "replay.js")


def page_around(title: str, content: Mapping[str, object], first: str) -> str:
    """A page with its content, the style sheet and the stage's modules that `first` needs, as HTML."""
    from juste_retour.runs.base.pages import page_of  # needs Jinja, which is not available in the browser

    script = bundled(first)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return page_of(
        Path(__file__).with_suffix(".html"),
        title=title,
        style=style(),
        content=inlined(content),
        script=script,
        policy=POLICY.format(digest),
    )
