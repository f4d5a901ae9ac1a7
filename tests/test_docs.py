"""The docs say what was measured, and every page that the navigation names exists."""

import re
import runpy
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_page_of_figures_is_what_the_benchmarks_wrote() -> None:
    page = runpy.run_path(str(ROOT / "scripts" / "figures.py"))["page"]()
    assert (ROOT / "docs" / "figures.md").read_text() == page, "run scripts/figures.py"


def test_every_page_of_the_navigation_exists() -> None:
    for page in re.findall(r"[\w/.-]+\.md", (ROOT / "mkdocs.yml").read_text()):
        assert (ROOT / "docs" / page).is_file(), page


def test_links_between_pages_lead_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.name}: {link}"
