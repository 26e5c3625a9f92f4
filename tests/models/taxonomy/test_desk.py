"""Accepted categories: used at once, edited, undone, kept over refits, loads and restarts, never over the data's."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from assistant.data.added import AddedColumns, with_added
from assistant.data.warehouse import Snapshot
from assistant.errors import InvalidPlan, NoRows, StorageError, UnknownName
from assistant.models.taxonomy.desk import CategoryDesk
from assistant.plans import (
    AdoptCategories,
    ChangeCategories,
    Compare,
    ProposeCategories,
    QueryPlan,
    ShowCategories,
)
from assistant.query.agreed.categories import OTHER
from assistant.query.agreed.store import AgreementStore
from assistant.query.engine import run_query
from tests.support.planted_names import meaning, nameless_shop, planted
from tests.support.tiny_shop import tiny_shop


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return nameless_shop(tmp_path_factory.mktemp("names"), planted()[0])


@pytest.fixture
def desk(shop: Snapshot, tmp_path: Path) -> CategoryDesk:
    return desk_of(shop, tmp_path)


def desk_of(shop: Snapshot, folder: Path, author: str = "Ada") -> CategoryDesk:
    return CategoryDesk(AgreementStore(folder / "app.sqlite"), lambda: shop, meaning, author)


def adopted(desk: CategoryDesk) -> CategoryDesk:
    desk.adopt(AdoptCategories())
    return desk


def shown(desk: CategoryDesk) -> Snapshot:
    added = desk.columns(desk.snapshot)
    assert added is not None
    return with_added(desk.snapshot, added)


def name_with(desk: CategoryDesk, word: str) -> str:
    """Name of the top category that holds most products called so."""
    current = desk.required()
    names = planted()[0]
    keys = [current.of_product[p] for p in names if word.upper() in names[p].split()]
    group = current.groups[max(set(keys), key=keys.count)]
    return group.name if group.parent is None else current.groups[group.parent].name


def test_proposing_changes_nothing(desk: CategoryDesk) -> None:
    result = desk.propose(ProposeCategories())
    assert result.kind == "categories_proposed" and not desk.store.path.exists()
    assert result.caveats[0].code == "categories_proposed" and desk.columns(desk.snapshot) is None
    assert result.figures["products"].value == len(planted()[0])
    shares = [row[3] for row in result.table("categories").rows]
    assert sum(shares) == pytest.approx(100)


def test_accepted_categories_answer_questions_at_once(desk: CategoryDesk) -> None:
    snapshot = shown(adopted(desk))
    assert snapshot.has("products", "category", "subcategory")
    result = run_query(snapshot, QueryPlan(metrics=("revenue",), dimensions=("category",)))
    found = {row[0]: row[1] for row in result.table("result").rows}
    members, current = desk.required().members(), desk.required()
    assert found == {g.name: 30.0 * len(members[g.key]) for g in current.tops if members[g.key]}
    mugs = run_query(snapshot, QueryPlan(metrics=("units",), filter=Compare(
        field="category", op="eq", values=(name_with(desk, "mug"),))))
    assert mugs.figures["units"].value == 3 * len(members[current.find(name_with(desk, "mug")).key])


def test_the_snapshot_as_loaded_stays_as_it_is(desk: CategoryDesk, shop: Snapshot) -> None:
    snapshot = shown(adopted(desk))
    assert not shop.has("products", "category") and shop.fingerprint != snapshot.fingerprint
    assert snapshot.added["products.category"] == "proposed from product names, not from your data"
    assert snapshot.table("products").columns == shop.table("products").columns
    assert snapshot.at(shop.manifest.first_day).has("products", "category")


def test_categories_of_the_data_are_never_covered(tmp_path: Path) -> None:
    tiny_shop(tmp_path)
    from assistant.data.warehouse import open_snapshot

    shop = open_snapshot(tmp_path)
    desk = desk_of(shop, tmp_path)
    with pytest.raises(InvalidPlan, match="categories of their own"):
        desk.propose(ProposeCategories())
    assert desk.columns(shop) is None
    with pytest.raises(ValueError, match="themselves"):
        with_added(shop, AddedColumns("products", "product_id", ("category",), [("P1", "Mine")], "x", "test"))


def test_without_accepted_categories_nothing_can_be_shown_changed_or_stopped(desk: CategoryDesk) -> None:
    for ask in (lambda: desk.show(ShowCategories()), lambda: desk.adopt(AdoptCategories(action="stop")),
                lambda: desk.change(ChangeCategories(action="rename", category="A", new_name="B"))):
        with pytest.raises(NoRows):
            ask()


def test_rename_moves_merges_and_rules_are_kept_signed_and_undone(desk: CategoryDesk) -> None:
    adopted(desk)
    mugs, bags = name_with(desk, "mug"), name_with(desk, "purse")
    before = desk.required().rows()

    desk.change(ChangeCategories(action="rename", category=mugs.lower(), new_name="Drinkware"))
    assert desk.required().find("drinkware").name == "Drinkware"

    product = next(p for p, n in planted()[0].items() if "CANDLE" in n.split())
    moved = desk.change(ChangeCategories(action="move", product_ids=(product,), into="Drinkware"))
    assert moved.figures["moved"].value == 1
    assert {r[0]: r[1] for r in desk.required().rows()}[product] == "Drinkware"

    merged = desk.change(ChangeCategories(action="merge", category=bags, into="Drinkware"))
    assert merged.figures["moved"].value > 0
    with pytest.raises(UnknownName):
        desk.required().find(bags)

    desk.change(ChangeCategories(action="rule", words="lanterns", into="Drinkware"))
    lanterns = [p for p, n in planted()[0].items() if "LANTERN" in n.split()]
    now = {r[0]: r[1] for r in desk.required().rows()}
    assert {now[p] for p in lanterns} == {"Drinkware"}

    edits = desk.required().edits
    assert {e.kind for e in edits} == {"rename", "move", "merge", "rule"} and {e.author for e in edits} == {"Ada"}
    for _ in range(4):
        desk.store.undo("Ada", "category")
        desk.forget_read()
    assert desk.required().rows() == before


def test_edits_survive_a_refit_and_a_restart(desk: CategoryDesk, shop: Snapshot, tmp_path: Path) -> None:
    adopted(desk)
    desk.change(ChangeCategories(action="rename", category=name_with(desk, "mug"), new_name="Drinkware"))
    product = next(p for p, n in planted()[0].items() if "CANDLE" in n.split())
    desk.change(ChangeCategories(action="move", product_ids=(product,), into="Drinkware"))
    result = desk.propose(ProposeCategories())
    assert result.figures["moved_share"].value <= 5
    desk.adopt(AdoptCategories())
    desk.adopt(AdoptCategories(fresh=True))

    again = desk_of(shop, tmp_path)
    assert {r[0]: r[1] for r in again.required().rows()}[product] == "Drinkware"


def test_stopping_and_starting_again_keeps_the_edits(desk: CategoryDesk) -> None:
    adopted(desk)
    desk.change(ChangeCategories(action="rename", category=name_with(desk, "mug"), new_name="Drinkware"))
    desk.adopt(AdoptCategories(action="stop"))
    assert desk.columns(desk.snapshot) is None
    desk.adopt(AdoptCategories())
    assert desk.required().find("Drinkware")


def test_an_added_category_takes_the_products_of_its_words(desk: CategoryDesk) -> None:
    adopted(desk)
    result = desk.change(ChangeCategories(action="add", new_name="Owls", words="owl"))
    owls = [p for p, n in planted()[0].items() if "OWL" in n.split()]
    assert result.figures["products"].value == len(owls)
    desk.adopt(AdoptCategories())  # a refit leaves what people added
    assert sum(r[1] == "Owls" for r in desk.required().rows()) == len(owls)


@pytest.mark.parametrize(("request_", "error", "says"), [
    (ChangeCategories(action="rename", category="Mugz & cups", new_name="X"), UnknownName, "no category"),
    (ChangeCategories(action="move", words="submarine", into="Other"), UnknownName, "No product"),
    (ChangeCategories(action="move", product_ids=("nope",), into="Other"), UnknownName, "no such product"),
    (ChangeCategories(action="rule", words="submarine", into="Other"), UnknownName, "No product name"),
    (ChangeCategories(action="add", new_name="Other"), InvalidPlan, "already"),
    (ChangeCategories(action="merge", category="Other", into="Other"), InvalidPlan, "itself"),
    (ChangeCategories(action="add", new_name="<b>"), InvalidPlan, "letters"),
])
def test_impossible_changes_are_refused_and_change_nothing(
    desk: CategoryDesk, request_: ChangeCategories, error: type[Exception], says: str
) -> None:
    adopted(desk)
    desk.change(ChangeCategories(action="add", new_name="Spare"))
    if OTHER not in desk.required().groups:
        request_ = request_.model_copy(update={
            k: "Spare" for k in ("category", "into", "new_name") if getattr(request_, k) == "Other"})
    before = desk.required().rows()
    with pytest.raises(error, match=says) as caught:
        desk.change(request_)
    if error is UnknownName:
        assert caught.value.valid  # type: ignore[attr-defined]
    desk.forget_read()
    assert desk.required().rows() == before


def test_two_people_at_once_lose_nothing(desk: CategoryDesk, shop: Snapshot, tmp_path: Path) -> None:
    adopted(desk)
    groups = [g.name for g in desk.required().tops][:6]
    desks = [desk_of(shop, tmp_path, f"Person {i}") for i in range(6)]
    refused: list[InvalidPlan] = []

    def rename(one: CategoryDesk, name: str, new_name: str) -> None:
        try:
            one.change(ChangeCategories(action="rename", category=name, new_name=new_name))
        except InvalidPlan as error:  # the other person of the pair was quicker
            refused.append(error)

    threads = [threading.Thread(target=rename, args=(d, name, f"Chosen {i // 2}"))
               for i, (d, name) in enumerate(zip(desks, groups, strict=True))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    desk.forget_read()
    names = [g.name for g in desk.required().tops]
    assert len(set(names)) == len(names)  # two chose one name at once: the later one has a number
    made = [e for e in desk.required().edits if e.kind == "rename"]
    assert len(made) == 6 - len(refused) and len(refused) <= 3  # of every pair at least one is kept


def test_new_products_are_sorted_in_and_the_others_stay(tmp_path: Path) -> None:
    names, _ = planted()
    fewer = dict(sorted(names.items())[: int(len(names) * 0.95)])
    desk = adopted(desk_of(nameless_shop(tmp_path / "one", fewer), tmp_path))
    before = {r[0]: r for r in desk.required().rows()}
    later = desk_of(nameless_shop(tmp_path / "two", names), tmp_path)
    assert later.sort_new() == len(names) - len(fewer) and later.sort_new() == 0
    after = {r[0]: r for r in later.required().rows()}
    assert set(after) == set(names) and all(after[p] == before[p] for p in before)
    with pytest.raises(NoRows):  # people take back what people did
        later.store.undo("Ada", "sorted")


def test_a_damaged_store_is_said_and_left(desk: CategoryDesk) -> None:
    adopted(desk)
    for ending in ("-wal", "-shm"):
        desk.store.path.with_name(desk.store.path.name + ending).unlink(missing_ok=True)
    desk.store.path.write_bytes(b"not a database" * 200)
    desk.forget_read()
    with pytest.raises(StorageError, match="damaged"):
        desk.in_force()
    assert desk.store.path.read_bytes().startswith(b"not a database")


def test_products_of_a_category_come_best_selling_first(desk: CategoryDesk) -> None:
    adopted(desk)
    result = desk.show(ShowCategories(category=name_with(desk, "mug"), limit=5))
    table = result.table("products")
    assert len(table.rows) == 5 and table.total_rows == result.figures["products"].value
    assert [r[3] for r in table.rows] == sorted((r[3] for r in table.rows), reverse=True)
    with pytest.raises(UnknownName) as caught:
        desk.show(ShowCategories(category="Submarines"))
    assert caught.value.valid
