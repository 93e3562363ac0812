"""What `harness.bench` makes of its measurements; measuring takes minutes and is not tested."""

import pytest

from harness import bench

SAMPLES = {
    "plain loop": [(100.0, 50.0), (300.0, 70.0), (200.0, 60.0)],
    "stock naive": [(20.0, 6.0)],
    "our naive": [(150.0, 30.0), (50.0, 10.0), (100.0, 20.0)],
    "our rmn": [(80.0, 12.0)],
}


def test_ratios_are_of_medians_by_hand():
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in bench.table(SAMPLES).splitlines()[2:]
    ]
    assert cells[0] == ["plain loop", "200 (100-300)", "1.00", "", "60 (50-70)", ""]
    assert cells[2] == ["our naive", "100 (50-150)", "0.50", "5.0", "20 (10-30)", "3.3"]
    assert cells[3][2:] == ["0.40", "4.0", "12 (12-12)", "2.0"]  # beside stock naive: no stock RMN


def test_a_device_has_its_own_place_on_the_page(tmp_path):
    page = tmp_path / "docs" / "page.md"
    bench._into_page(page, "cpu", "first")
    page.write_text(f"# Above\n\n{page.read_text()}\nbelow\n")
    bench._into_page(page, "cuda", "accelerated")
    bench._into_page(page, "cpu", "second")
    text = page.read_text()
    assert text.startswith("# Above\n")
    assert text.index("second") < text.index("below") < text.index("accelerated")
    assert "first" not in text
    before = text
    bench._into_page(page, "cuda", "accelerated")
    assert page.read_text() == before


def test_a_device_that_is_not_there_is_refused(monkeypatch, capsys):
    monkeypatch.setattr(bench, "_has_cuda", lambda: False)
    with pytest.raises(SystemExit):
        bench.main(["--device", "cuda"])
    assert "torch sees no CUDA device; use --device cpu" in capsys.readouterr().err
