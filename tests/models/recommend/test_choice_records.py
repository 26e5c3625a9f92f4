import json
import shutil
from functools import partial

import numpy as np
import pytest

from assistant.models.recommend import choosing
from assistant.models.recommend import fitted as fitted_module
from assistant.models.recommend.choice_records import ChoiceRecords
from assistant.models.recommend.choosing import Past, choose_recommender, competitors
from assistant.models.recommend.fitted import fit_recommender


@pytest.fixture(scope="module")
def few():
    """Three quick competitors."""
    wanted = ("popularity", "item_knn", "personal_frequency")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(choosing, "competitors",
                      lambda purpose, side=None: {n: e for n, e in competitors(purpose, side).items() if n in wanted})
        yield patch


def chosen(snapshot, folder, purpose="next"):
    past = Past(snapshot)
    past.records = ChoiceRecords(folder)
    return choose_recommender(snapshot, purpose=purpose, past=past)


@pytest.fixture
def no_measuring(monkeypatch):
    """Fails if anything is measured."""
    def measure(*_):
        raise AssertionError("measured although a record is there")

    monkeypatch.setattr(choosing, "_measured", measure)


@pytest.fixture(scope="module")
def measured(few, demo_snapshot, tmp_path_factory):
    """A choice, and the folder that remembers it."""
    folder = tmp_path_factory.mktemp("choice")
    return chosen(demo_snapshot, folder), folder


@pytest.fixture
def first(measured, tmp_path):
    """The choice, remembered in the test's own folder."""
    choice, folder = measured
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    return choice


def test_a_choice_is_read_again_as_it_was_measured(first, demo_snapshot, tmp_path, no_measuring):
    again = chosen(demo_snapshot, tmp_path)
    assert (again.name, again.why, again.parameters) == (first.name, first.why, first.parameters)
    assert (again.weeks, again.cutoff, again.users) == (first.weeks, first.cutoff, first.users)
    assert first.compared and first.trials
    for kept, new in zip((*again.compared, *again.trials), (*first.compared, *first.trials), strict=True):
        assert (kept.name, kept.ndcg, kept.coverage, kept.parameters) == (new.name, new.ndcg, new.coverage,
                                                                          new.parameters)
        assert np.array_equal(kept.per_user_ndcg, new.per_user_ndcg) and np.array_equal(kept.places, new.places)
        assert kept.per_user_recall.dtype == new.per_user_recall.dtype and kept.places.dtype == new.places.dtype
    assert again.lead() == first.lead()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"name": "popularity"}'])
def test_a_damaged_record_is_measured_anew(first, demo_snapshot, tmp_path, content):
    (record,) = tmp_path.glob("choice-*.json")
    record.write_text(content)
    assert chosen(demo_snapshot, tmp_path).name == first.name
    assert json.loads(record.read_text())["name"] == first.name


def test_another_purpose_other_competitors_and_other_code_are_other_records(first, demo_snapshot, tmp_path, few):
    records, entries = ChoiceRecords(tmp_path), choosing.competitors("next")
    known = records.path(demo_snapshot, "next", 0, entries, None)
    assert known.exists()
    fewer = dict(list(entries.items())[:1])
    others = [records.path(demo_snapshot, purpose, seed, taking_part, None)
              for purpose, seed, taking_part in (("new", 0, entries), ("next", 1, entries), ("next", 0, fewer))]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("assistant.models.recommend.choice_records.code_digest", lambda: "other")
        others.append(records.path(demo_snapshot, "next", 0, entries, None))
    assert len({known, *others}) == 5


def test_a_folder_that_cannot_be_written_is_no_failure(few, demo_snapshot, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    assert chosen(demo_snapshot, blocked).name
    assert blocked.read_text() == "in the way"


def test_only_the_latest_records_are_kept(tmp_path, first, demo_snapshot):
    import os

    (record,) = tmp_path.glob("choice-*.json")
    for n in range(12):
        old = tmp_path / f"choice-next-{n:020d}.json"
        old.write_text(record.read_text())
        os.utime(old, (n, n))
    record.unlink()
    chosen(demo_snapshot, tmp_path)
    kept = {p.name for p in tmp_path.glob("choice-*.json")}
    assert record.name in kept and len(kept) == 8


def test_a_known_choice_makes_its_exams_only_when_asked(first, demo_snapshot, tmp_path, monkeypatch, no_measuring):
    made = []
    split = choosing.split_history
    monkeypatch.setattr(choosing, "split_history", lambda *a: made.append(a) or split(*a))
    again = chosen(demo_snapshot, tmp_path)
    assert again.stretch == first.stretch and again.users == len(first.split.test.users) and not made
    assert np.array_equal(again.split.test.users, first.split.test.users)
    assert again.split is again.split and len(made) == 1


def test_bars_of_reasons_are_read_again_as_they_were_set(first, demo_snapshot, tmp_path, monkeypatch):
    monkeypatch.setattr(fitted_module, "calibrate", partial(fitted_module.calibrate, per_band=40))

    def rule():
        fitted = fit_recommender(demo_snapshot, records=ChoiceRecords(tmp_path), purpose="next")
        return fitted.reason_rules["item_knn"]

    set_first = rule()
    assert set_first.cases and len(list(tmp_path.glob("reasons-*.json"))) == 1
    (record,) = tmp_path.glob("reasons-*.json")
    with monkeypatch.context() as patch:
        patch.setattr(fitted_module, "calibrate", lambda *_, **__: pytest.fail("set again although a record is there"))
        read = rule()
    assert read.bars == set_first.bars and np.array_equal(read.usual, set_first.usual)
    assert (read.given, read.random_passes, read.cases) == (set_first.given, set_first.random_passes, set_first.cases)
    record.write_text("{")
    assert ChoiceRecords(tmp_path).read_reasons(record) is None


def test_the_purpose_asked_for_first_is_the_only_one_chosen_for(few, demo_snapshot, tmp_path):
    fitted = fit_recommender(demo_snapshot, records=ChoiceRecords(tmp_path), purpose="next")
    assert [p.name.split("-")[1] for p in tmp_path.glob("choice-*.json")] == ["next"]
    other = fitted.for_purpose("new")
    assert other.choice.purpose == "new" and other.for_purpose("next") is fitted
