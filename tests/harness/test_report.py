"""Reports from results alone: no torch, the same bytes, damaged folders named."""

import io
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from harness.reporting.exports import EXPORTS
from matplotlib.backends.backend_agg import FigureCanvasAgg

from harness import paper_tables, report
from harness.analysis import published
from harness.analysis.leaderboard import ACC_AGNOSTIC, ACC_AWARE, Cell, leaderboard
from harness.config.run import Run
from harness.reporting import figures
from harness.storage import provenance, store

FORBIDDEN = ("torch", "avalanche", "rmn", "baselines")


def finished(root, baseline, seed, level, epochs=1):
    training, setting = {**TRAINING, "epochs": epochs}, f"training.epochs={epochs}"
    setting = setting if epochs > 1 else ""
    run = Run("split_mnist", baseline, {"x": 1.0}, "default", training, seed, {"rows": 1}, setting)
    cells = []

    def add(metric, value, **where):
        cells.append({"metric": metric, "value": value, **where})

    for after in range(6):
        for task in range(1, 6):
            aware = level if task <= after else 0.5
            add("accuracy", aware, after=after, task=task, regime="task-aware")
            if 0 < task <= after:
                for rule in ("max-logit", "energy") if baseline == "rmn" else ("classes seen",):
                    place = {"after": after, "task": task, "regime": "task-agnostic"}
                    add("accuracy", level / 2, rule=rule, **place)
        if after:
            add("train_seconds", 2.0, after=after)
            add("eval_seconds", 1.0, after=after)
            add("stored_bytes", 100.0 * after, after=after)
            add("stored_examples", 0.0, after=after)
    if baseline == "rmn":
        for layer in ("1", "4"):
            add("weights", 100.0, layer=layer)
            for task in range(1, 6):
                add("mask_ones", 20.0, after=task, task=task, layer=layer)
                add("weights_used", 15.0 * task, after=task, layer=layer)
                for earlier in range(1, task):
                    pair = {"task": earlier, "other": task, "layer": layer}
                    add("mask_overlap", 5.0, after=task, **pair)
        for task in range(1, 6):
            for other in range(1, 6):
                share = 0.6 if task == other else 0.1
                place = {"after": 5, "task": task, "other": other, "regime": "task-agnostic"}
                add("inferred_as", share, rule="max-logit", **place)
    blank = {"regime": "", "rule": "", "layer": "", "after": None, "task": None, "other": None}
    shared = {
        "run_id": run.id,
        "benchmark": run.benchmark,
        "baseline": baseline,
        "setting": setting,
    }
    rows = pd.DataFrame([{**shared, "seed": seed, **blank, **cell} for cell in cells])
    rule = "max-logit" if baseline == "rmn" else ""
    method = {"title": baseline.upper(), "reference": "r", "relaxations": [], "rule": rule}
    origin = {"device_name": "a processor", "versions": {"torch": "1"}, "commit": "abc"}
    return store.save(root, store.Record(run, method, origin), rows)


TRAINING = {"epochs": 1, "batch_size": 128, "learning_rate": 0.002, "decay": True}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    root = tmp_path_factory.mktemp("results")
    rng = np.random.default_rng(0)
    for seed in range(3):
        finished(root, "rmn", seed, 0.95 + rng.random() / 50)
        finished(root, "naive", seed, 0.6 + rng.random() / 50)
    return root


def test_the_same_results_give_the_same_bytes(results, tmp_path):
    pages = []
    for name in ("one", "two"):
        (path,) = report.make_report(results, tmp_path / name, "split_mnist", "default", ("pdf",))
        pages.append(path.read_bytes())
    assert pages[0] == pages[1]
    assert pages[0].startswith(b"%PDF")
    assert len(pages[0]) > 30_000


def test_reports_import_neither_torch_nor_what_trains(results, tmp_path):
    script = f"""
import sys
class Refuse:
    def find_spec(self, name, *rest):
        if name.partition(".")[0] in {FORBIDDEN!r}:
            raise ImportError("a report imported " + name)
sys.meta_path.insert(0, Refuse())
from harness.report import main
sys.exit(main(sys.argv[1:]))
"""
    words = ["--benchmark", "split_mnist", "--results", str(results), "--reports", str(tmp_path)]
    command = [sys.executable, "-c", script, *words, "--format", "pdf,md,csv,tex"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert {path.suffix for path in tmp_path.iterdir()} == {".pdf", ".md", ".csv", ".tex"}


def test_exports_name_regimes_and_quote_the_paper(results, tmp_path):
    formats = ("md", "csv", "tex")
    paths = report.make_report(results, tmp_path, "split_mnist", "default", formats)
    md, csv, tex = (path.read_text() for path in paths)
    assert "ACC task-aware" in md
    assert "ACC task-agnostic" in md
    assert "99.5 ± 0.2" in md
    assert "\\toprule" in tex
    table = pd.read_csv(paths[1])
    acc = table[(table["metric"] == "acc") & (table["method"] == "RMN")].set_index("regime")
    assert acc.loc["task-aware", "mean"] == pytest.approx(2 * acc.loc["task-agnostic", "mean"])
    assert acc.loc["task-agnostic", "rule"] == "max-logit"
    assert csv


@pytest.mark.parametrize(
    ("mean", "half_width", "percent", "text"),
    [
        (0.98765, np.nan, True, "98.77"),
        (-0.00001, 0.0002, True, "0.00 ± 0.02"),
        (np.nan, np.nan, True, "–"),
        (4.0, 0.0, False, "4"),
        (12.34, 1.26, False, "12.3 ± 1.3"),
        (800_004.0, np.nan, False, "800,004"),
    ],
)
def test_numbers_as_printed(mean, half_width, percent, text):
    assert Cell(mean, half_width).text(percent) == text


def test_the_best_method_is_first_and_marked(results):
    board = leaderboard(store.read(results, "split_mnist", "default"))
    assert [entry.baseline for entry in board.entries] == ["rmn", "naive"]
    assert [entry.cells[ACC_AWARE].best for entry in board.entries] == [True, False]
    assert board.entries[0].seeds == 3


def test_what_labels_are_worth_is_measured_with_equal_budgets_and_settings(results):
    found = store.read(results, "split_mnist", "default")

    def lost(**changes):
        """Degradation if the same runs had been made with labels, but for some changes."""
        changed = [replace(one, run=replace(one.run, **changes)) for one in found.records]
        ids = {one.run.id: other.run.id for one, other in zip(found.records, changed, strict=True)}
        rows = found.rows.assign(
            run_id=found.rows["run_id"].map(ids),
            value=found.rows["value"].where(found.rows["metric"] != "accuracy", 1.0),
        )
        board = leaderboard(found, store.Results(changed, rows))
        values = board.derived[board.derived["metric"] == "degradation"]
        return values[values["regime"] == "task-aware"].groupby("baseline")["value"].mean()

    equal = lost(versions={"rows": 2})
    assert equal["naive"] == pytest.approx(0.4, abs=0.03)
    assert lost(settings={"x": 2.0}).empty
    assert lost(training={**TRAINING, "decay": False}).empty


def test_a_learning_curve_joins_the_budgets_of_a_method(tmp_path):
    for seed, epochs, level in ((0, 20, 0.9), (0, 1, 0.7), (1, 1, 0.8), (0, 5, 0.875)):
        finished(tmp_path, "rmn", seed, level, epochs)
    finished(tmp_path, "naive", 0, 0.6)
    found = store.read(tmp_path, "split_mnist", "default")
    board = leaderboard(found)
    assert {entry.title for entry in board.entries if entry.curve == "RMN"} == {
        "RMN", "RMN (training.epochs=5)", "RMN (training.epochs=20)"
    }  # fmt: skip
    aware, agnostic = figures.budgets(found.rows, board).axes
    for axis, scale in ((aware, 100), (agnostic, 50)):  # made at half the accuracy
        curve, quoted = (line.get_xydata() for line in axis.get_lines())
        expected = [(1, 0.75), (5, 0.875), (20, 0.9)]
        np.testing.assert_allclose(curve, [(epochs, scale * level) for epochs, level in expected])
        assert set(quoted[:, 1]) == {99.5}
    elsewhere = figures.own_budget(board).entries
    assert [entry.title for entry in elsewhere] == ["RMN", "NAIVE"]


def test_learning_curves_have_no_panel_for_a_regime_that_was_not_measured(tmp_path):
    for epochs in (1, 5):
        finished(tmp_path, "naive", 0, 0.6, epochs)
    found = store.read(tmp_path, "split_mnist", "default")
    aware = replace(found, rows=found.rows[found.rows["regime"] != "task-agnostic"])
    drawn = figures.budgets(aware.rows, leaderboard(aware))
    assert [axis.get_title() for axis in drawn.axes] == ["task-aware"]


def test_only_regimes_that_were_measured_are_drawn(results):
    found = store.read(results, "split_mnist", "default")
    board = leaderboard(found)
    titles = [axis.get_title() for axis in figures.curves(found.rows, board).axes]
    assert titles == ["task-aware", "task-agnostic"]
    aware = found.rows[found.rows["regime"] != "task-agnostic"]
    assert [axis.get_title() for axis in figures.curves(aware, board).axes] == titles[:1]


def test_an_average_is_drawn_only_where_every_task_was_measured(results):
    found = store.read(results, "split_mnist", "default")
    rows = found.rows
    newest = (rows["task"] == rows["after"]) | (rows["after"] == 5)
    rows = rows[(rows["regime"] != "task-agnostic") | newest]  # as in streams of many tasks
    aware, agnostic = figures.curves(rows, leaderboard(replace(found, rows=rows))).axes
    drawn = {line.get_label(): line for line in agnostic.get_lines()}
    assert np.isfinite(drawn["RMN"].get_ydata()).tolist() == [True, False, False, False, True]
    assert drawn["RMN"].get_marker() == "o"
    assert aware.get_lines()[-1].get_xdata().tolist() == [1, 2, 3, 4, 5]


def test_the_papers_number_stands_in_its_own_regime(results):
    board = leaderboard(store.read(results, "split_mnist", "default"))
    hat = replace(board.entries[0], quoted=published.paper("split_mnist", "hat"))
    assert (hat.paper("task-aware"), hat.paper("task-agnostic")) == ("99", "")
    text = EXPORTS["csv"](replace(board, entries=[hat]))
    quoted = pd.read_csv(io.StringIO(text)).set_index(["metric", "regime"])["paper_quoted"]
    assert quoted["acc", "task-aware"] == 99
    assert np.isnan(quoted["acc", "task-agnostic"])


def test_bands_keep_to_accuracies_that_there_are(tmp_path):
    for seed, level in ((0, 0.1), (1, 0.9)):
        finished(tmp_path, "rmn", seed, level)
    found = store.read(tmp_path, "split_mnist", "default")
    for axis in figures.curves(found.rows, leaderboard(found)).axes:
        (band,) = axis.collections
        heights = np.concatenate([path.vertices[:, 1] for path in band.get_paths()])
        assert (heights.min(), heights.max()) == (0, 100)


@pytest.mark.parametrize("name", ["curves", "matrices", "overlap", "confusion", "masks", "cost"])
def test_nothing_is_drawn_beyond_the_edge(results, name):
    found = store.read(results, "split_mnist", "default")
    figure = getattr(figures, name)(found.rows, leaderboard(found))
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    drawn, inches = figure.get_tightbbox(canvas.get_renderer()), figure.get_size_inches()
    assert (drawn.min > 0).all()
    assert (drawn.max < inches).all()


def test_one_budget_makes_no_learning_curve(results):
    found = store.read(results, "split_mnist", "default")
    assert figures.budgets(found.rows, leaderboard(found)) is None


def test_a_damaged_folder_is_named_and_the_rest_reported(results, tmp_path, capsys):
    root = tmp_path / "results"
    kept = finished(root, "naive", 0, 0.6)
    broken = finished(root, "naive", 1, 0.6)
    (broken / "rows.parquet").write_bytes(b"not a table")
    report.make_report(root, tmp_path, "split_mnist", "default", ("md", "pdf"))
    assert str(broken) in capsys.readouterr().err
    assert (broken / "rows.parquet").read_bytes() == b"not a table"
    assert kept.exists()
    assert "| NAIVE | 1 |" in (tmp_path / "split_mnist.md").read_text()


def test_runs_of_uncommitted_code_are_told_from_those_of_a_commit():
    clean = {
        "commit": "abc",
        "dirty": False,
        "threads": 1,
        "versions": {"torch": "2", "numpy": "1"},
    }
    rows = provenance.summary([clean, clean | {"dirty": True}, clean])
    assert rows[rows.index(("Commit", "abc", "2")) + 1] == ("", "abc with uncommitted changes", "1")
    assert ("Versions", "torch 2, numpy 1", "3") in rows


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--benchmark", "split_mnst"], "split_mnist"),
        (["--benchmark", "split_mnist", "--format", "pfd"], "pdf"),
        (["--benchmark", "split_mnist", "--profile", "defalt"], "default"),
        (["--benchmark", "split_mnist", "--results", "nowhere"], "harness.compare"),
    ],
)
def test_wrong_arguments_say_what_to_type(words, said, capsys):
    with pytest.raises(SystemExit) as stop:
        report.main(words)
    assert stop.value.code == 2
    assert said in capsys.readouterr().err


def test_the_papers_tables_hold_measured_beside_quoted(results):
    cells = paper_tables.tidy(results, "default").set_index(["benchmark", "regime", "baseline"])
    board = leaderboard(store.read(results, "split_mnist", "default"))
    for column in (ACC_AWARE, ACC_AGNOSTIC):
        row = cells.loc[("split_mnist", column.regime, "rmn")]
        assert row["mean"] == board.entries[0].cells[column].mean
        assert (row["seeds"], row["quoted"]) == (3, "99.5 ± 0.2")  # the paper says both
    assert cells.loc[("split_mnist", "task-aware", "hat"), "seeds"] == 0
    assert ("split_mnist", "task-agnostic", "hat") not in cells.index
    assert cells.loc[("split_omniglot", "task-aware", "rmn"), "quoted"] == "85.33 ± 1.7"


def test_the_papers_tables_are_written(results, tmp_path):
    words = ["--results", str(results), "--reports", str(tmp_path), "--format", "pdf,md,csv"]
    assert paper_tables.main(words) == 0
    md = (tmp_path / "paper_tables.md").read_text()
    first, second = md.split("## ")[1:3]
    assert first.startswith("Table 1. Sequential tasks with labels: task-aware")
    assert second.startswith("Table 1. Sequential tasks with labels: task-agnostic")
    [naive] = [line for line in first.splitlines() if line.startswith("| NAIVE")]
    assert "(3)" in naive
    assert "*" not in naive  # the paper prints nothing for it
    assert (tmp_path / "paper_tables.pdf").read_bytes().startswith(b"%PDF")
    assert set(pd.read_csv(tmp_path / "paper_tables.csv")["profile"]) == {"default"}


def test_the_papers_tables_without_runs_say_what_to_type(tmp_path, capsys):
    with pytest.raises(SystemExit):
        paper_tables.main(["--results", str(tmp_path)])
    assert "harness.compare" in capsys.readouterr().err
