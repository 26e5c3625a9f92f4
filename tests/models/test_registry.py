from typing import get_args

import pytest

from assistant.errors import UnknownName
from assistant.models.recommend.base import Recommender
from assistant.models.registry import RECOMMENDERS, SEGMENTERS, entry
from assistant.models.segment.base import Segmenter
from assistant.plans import RecommendRequest, SegmentRequest


@pytest.mark.parametrize(("table", "kind"), [(RECOMMENDERS, Recommender), (SEGMENTERS, Segmenter)])
def test_every_entry_makes_a_model_of_its_kind_with_its_parameters(table, kind):
    for line in table.values():
        model = line.make()
        assert isinstance(model, kind) and line.words
        assert line.parameters.items() <= model.parameters().items()


def test_given_parameters_win_over_those_of_the_entry():
    assert entry(RECOMMENDERS, "item_knn_bm25").make(weighting="cosine").weighting == "cosine"


def test_every_method_that_can_be_asked_for_exists():
    methods = set(get_args(RecommendRequest.model_fields["method"].annotation)) - {"auto"}
    assert methods <= {line.family for line in RECOMMENDERS.values()}
    methods = set(get_args(SegmentRequest.model_fields["method"].annotation)) - {"auto"}
    assert methods <= set(SEGMENTERS)


def test_unknown_model_names_those_there_are():
    with pytest.raises(UnknownName) as error:
        entry(SEGMENTERS, "oracle")
    assert error.value.valid == ("behaviour", "found", "gaussian", "kmeans", "rfm")
