"""Write docs/figures.md from what the scripts in benchmarks/ measured, so that no figure in the docs is typed by hand.

python scripts/figures.py
"""

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
HEAD = """# Figures

Measured by the scripts in `benchmarks/`, each of which writes `benchmarks/results/NAME.json`; this page is made from
those files by `scripts/figures.py`. Times are medians; ratios come from one run. The machine has two shared cores, so
processor time says more than the clock on the wall.
"""


def rows(value: Any, path: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """Flatten nested figures into (name, value) rows."""
    if isinstance(value, dict):
        return [row for key, item in value.items() for row in rows(item, (*path, str(key)))]
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    return [(" · ".join(path), str(value))]


def page() -> str:
    """Return the page."""
    parts = [HEAD]
    for file in sorted((ROOT / "benchmarks" / "results").glob("*.json")):
        report = json.loads(file.read_text())
        machine = report.get("machine", {})
        said = {k: v for k, v in report.items() if k not in ("name", "date", "machine")}
        said = said.get("figures", said) if len(said) == 1 else said
        table = "\n".join(f"| {name} | {value} |" for name, value in rows(said))
        where = f"{machine.get('cpu', '')}, {machine.get('cores', '')} cores, {report.get('date', '')}"
        parts.append(
            f"## {file.stem}\n\n`benchmarks/{file.stem}.py` · {where}\n\n| figure | value |\n|---|---|\n{table}\n"
        )
    return "\n".join(parts)


if __name__ == "__main__":
    (ROOT / "docs" / "figures.md").write_text(page())
