"""The table of rates, and its place on a page."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from harness.speed.page import circumstances, insert, throughput_table

SAMPLES = {
    "plain loop": [(100.0, 50.0), (300.0, 70.0), (200.0, 60.0)],
    "stock naive": [(20.0, 6.0)],
    "our naive": [(150.0, 30.0), (50.0, 10.0), (100.0, 20.0)],
    "our rmn": [(8000.0, 12.0)],
}
RATES = st.floats(1, 1e6)


def cells(table: str) -> list[list[str]]:
    lines = table.splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_ratios_are_of_medians_by_hand() -> None:
    found = cells(throughput_table(SAMPLES))
    assert found[0] == ["plain loop", "200 (100-300)", "1.00", "", "60 (50-70)", ""]
    assert found[1] == ["stock naive", "20 (20-20)", "0.10", "", "6 (6-6)", ""]
    assert found[2] == ["our naive", "100 (50-150)", "0.50", "5.0", "20 (10-30)", "3.3"]
    # beside stock naive, for there is no stock RMN
    assert found[3][1:] == ["8,000 (8,000-8,000)", "40.00", "400.0", "12 (12-12)", "2.0"]


@given(st.lists(st.tuples(RATES, RATES), min_size=1, max_size=6))
def test_the_order_of_the_samples_is_no_matter(samples: list[tuple[float, float]]) -> None:
    forwards, backwards = (
        {"plain loop": one, "stock naive": one} for one in (samples, samples[::-1])
    )
    assert throughput_table(forwards) == throughput_table(backwards)


def test_a_device_has_its_own_place_on_the_page(tmp_path: Path) -> None:
    page = tmp_path / "docs" / "page.md"
    insert(page, "cpu", "first")
    page.write_text(f"# Above\n\n{page.read_text()}\nbelow\n")
    insert(page, "cuda", "accelerated")
    insert(page, "cpu", "second")
    text = page.read_text()
    assert text.startswith("# Above\n")
    assert text.index("second") < text.index("below") < text.index("accelerated")
    assert "first" not in text
    insert(page, "cuda", "accelerated")
    assert page.read_text() == text


def test_the_circumstances_name_the_command_and_the_versions() -> None:
    text = circumstances("cpu", ["--repeats", "2"])
    assert text.endswith("`python -m harness.bench --repeats 2`.")
    for part in ("one thread", "torch ", "avalanche 0.6.0", "commit "):
        assert part in text
