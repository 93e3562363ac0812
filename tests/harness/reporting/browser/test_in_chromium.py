"""What a reader does with a page: sort, filter, open a run, by pointer, keyboard and touch."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

OpenPage = Callable[..., Page]

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
FIRST_TABLE = "#part-1 table.grid"


def column(table: Locator, title: str) -> list[str]:
    """Texts of a column, rows in their order."""
    heads = [text.strip() for text in table.locator("thead th").all_inner_texts()]
    place = next(at for at, head in enumerate(heads) if head.startswith(title)) + 1
    return table.locator(f"tbody tr > :nth-child({place})").all_inner_texts()


def curves(page: Page) -> Locator:
    """The first figure of average accuracies."""
    return page.locator("figure", has_text="while tasks are learned").first


def numbers(texts: list[str]) -> list[float]:
    return [float(text.split()[0].replace(",", "")) for text in texts]


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("split_mnist.html", 13),  # six in task-il, and task inference besides in class-il
        ("split_mnist_unsupervised.html", 10),  # four without labels, three of searches
    ],
)
def test_every_figure_is_drawn_with_its_marks(open_page: OpenPage, name: str, number: int) -> None:
    page = open_page(name)
    figures = page.locator("figure.chart")
    assert figures.count() == number
    for figure in figures.all():
        expect(figure.locator("svg").first).to_be_visible()
        assert figure.locator("svg .mark-symbol path, svg .mark-rect path").count() > 0


def test_a_column_sorts_by_its_numbers(open_page: OpenPage) -> None:
    page = open_page()
    table = page.locator(FIRST_TABLE)
    head = table.locator("thead th", has_text=re.compile("^ACC, task-il"))
    assert head.get_attribute("aria-sort") is None
    head.locator("[role=button]").click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    values = numbers(column(table, "ACC"))
    assert values == sorted(values)
    head.locator("[role=button]").press("Enter")
    expect(head).to_have_attribute("aria-sort", "descending")
    assert numbers(column(table, "ACC")) == sorted(values, reverse=True)


def test_a_table_filters_by_what_is_typed(open_page: OpenPage) -> None:
    page = open_page()
    table = page.locator(FIRST_TABLE)
    assert column(table, "Method") == ["RMN", "NAIVE"]
    page.get_by_role("searchbox", name="Filter Summary").fill("naive")
    assert column(table, "Method") == ["NAIVE"]
    page.get_by_role("searchbox", name="Filter Summary").fill("nothing like it")
    expect(table.locator("tbody")).to_have_text("No row has this.")


def test_methods_are_filtered_in_every_table_and_figure(open_page: OpenPage) -> None:
    page = open_page()
    lines = curves(page).locator("svg .mark-line")
    expect(lines.locator("path")).to_have_count(2)
    page.get_by_label("Filter methods", exact=True).fill("RMN, nothing")
    expect(lines.locator("path")).to_have_count(1)
    for table in page.locator("table.grid").all():
        heads = table.locator("thead th").all_inner_texts()
        if any(head.strip().startswith("Method") for head in heads):
            assert set(column(table, "Method")) == {"RMN"}
    expect(page.locator("#shown")).to_contain_text("rows shown")
    page.get_by_label("Filter methods", exact=True).fill("")
    expect(lines.locator("path")).to_have_count(2)


def test_a_run_opens_with_all_that_made_it(open_page: OpenPage) -> None:
    page = open_page()
    runs = page.locator("#runs-table")
    link = runs.locator("tbody tr", has_text="RMN").first.locator("a")
    link.click()
    dialog = page.get_by_role("dialog", name="RMN, seed 0")
    expect(dialog).to_be_visible()
    matrix = dialog.get_by_role("table", name="Accuracy (%)")
    learned = matrix.locator("tbody tr").nth(1).locator("td").all_inner_texts()
    assert learned[:2] == ["96.27", "96.27"]
    task_log = dialog.get_by_role("table", name="How it went")
    assert task_log.locator("tbody tr").first.locator("td").all_inner_texts()[:2] == ["96.27"] * 2
    expect(dialog).to_contain_text("Forgetting, task-il")
    expect(dialog).to_contain_text("git checkout abc && python -m harness.compare")
    expect(dialog.get_by_role("table", name="Budget")).to_contain_text("learning_rate")
    expect(dialog.get_by_role("table", name="Made with")).to_contain_text("a processor")
    assert "#run-" in page.url
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert "#run-" not in page.url
    expect(link).to_be_focused()


def test_an_address_names_a_run(open_page: OpenPage) -> None:
    page = open_page()
    address = page.locator("#runs-table a").last.get_attribute("href")
    other = open_page(f"split_mnist.html{address}")
    expect(other.get_by_role("dialog")).to_be_visible()


def test_a_traceback_is_shown_as_text(open_page: OpenPage) -> None:
    page = open_page()
    page.locator("#runs-table tbody tr", has_text="failed").locator("a").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("</script><img src=")
    assert dialog.locator("img").count() == 0
    assert page.title() == "split_mnist, profile default"


def test_everything_is_reached_by_the_keyboard(open_page: OpenPage) -> None:
    page = open_page()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    reached = set()
    for _ in range(400):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.closest('[id]')?.id"))
        if page.evaluate("document.activeElement.matches('#runs-table a')"):
            break
    assert {"part-1", "chart-0", "chart-1", "part-2"} <= reached
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.get_by_role("button", name="Close")).to_be_focused()


def test_a_figure_answers_to_the_pointer(open_page: OpenPage) -> None:
    page = open_page()
    figure = curves(page)
    figure.locator("svg .mark-symbol path").last.hover()
    tooltip = page.locator("#vg-tooltip-element")
    expect(tooltip).to_be_visible()
    expect(tooltip).to_contain_text("Accuracy")


def test_a_legend_brings_out_a_method(open_page: OpenPage) -> None:
    page = open_page()
    figure = curves(page)
    faint = figure.locator("svg .mark-line path[opacity='0.1']")
    expect(faint).to_have_count(0)
    button = figure.get_by_role("button", name="RMN")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(faint).to_have_count(1)
    button.click()
    expect(faint).to_have_count(0)


def test_a_figure_shows_another_metric(open_page: OpenPage) -> None:
    page = open_page()
    figure = page.locator("figure", has_text="Every seed").first
    before = figure.locator("svg .mark-symbol path").first.get_attribute("transform")
    figure.locator("label", has_text="Metric").locator("select").select_option("Forgetting (%)")
    expect(figure.locator("svg .mark-symbol path").first).not_to_have_attribute(
        "transform", before or ""
    )


def test_a_figure_has_its_numbers_as_a_table(open_page: OpenPage) -> None:
    page = open_page()
    figure = curves(page)
    figure.get_by_text("Numbers of this figure").click()
    table = figure.get_by_role("table", name="Average accuracy while tasks are learned")
    expect(table.locator("tbody tr")).to_have_count(10)  # two methods, five tasks
    assert column(table, "Accuracy")[:5] == ["95.994"] * 5


def test_the_theme_follows_the_system_or_the_reader(open_page: OpenPage) -> None:
    def background(page: Page) -> str:
        return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))

    def stroke(page: Page) -> str:
        return str(page.locator("svg .mark-line path").first.get_attribute("stroke"))

    light, dark = open_page(color_scheme="light"), open_page(color_scheme="dark")
    assert (background(light), background(dark)) == ("rgb(255, 255, 255)", "rgb(21, 24, 28)")
    before = stroke(light)
    light.get_by_label("Theme").select_option("dark")
    assert background(light) == "rgb(21, 24, 28)"
    expect(light.locator("svg .mark-line path").first).to_have_attribute("stroke", stroke(dark))
    light.reload()
    light.wait_for_selector("html[data-ready]", state="attached")
    assert background(light) == "rgb(21, 24, 28)"
    light.get_by_label("Theme").select_option("auto")
    expect(light.locator("svg .mark-line path").first).to_have_attribute("stroke", before)


def test_a_phone_scrolls_down_and_not_aside(open_page: OpenPage) -> None:
    page = open_page(**PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator("#runs-table a").first.tap()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    assert dialog.evaluate("one => one.scrollWidth <= one.clientWidth")


def test_the_leaderboard_leads_to_the_reports(open_page: OpenPage) -> None:
    page = open_page("index.html")
    table = page.locator(FIRST_TABLE)
    assert column(table, "Method") == ["RMN", "NAIVE"]
    assert column(table, "Split-MNIST") == ["95.99 ± 2.01 (n=3)", "60.33 ± 0.67 (n=3)"]
    page.get_by_role("link", name="Split-MNIST").click()
    expect(page).to_have_title(re.compile("split_mnist"))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    "name", ["index.html", "split_mnist.html", "split_mnist_unsupervised.html"]
)
def test_axe_finds_no_barrier(open_page: OpenPage, name: str, theme: str) -> None:
    page = open_page(name, color_scheme=theme)
    for summary in page.locator("summary").all()[:2]:
        summary.click()
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_axe_finds_no_barrier_in_a_run(open_page: OpenPage) -> None:
    page = open_page()
    page.locator("#runs-table a").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    found = Axe().run(page, context="dialog")
    assert found.violations_count == 0, found.generate_report()
