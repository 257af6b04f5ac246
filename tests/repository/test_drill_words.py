"""The pages have words for the hall for every failure mode, in every language."""

import pytest

from observability.failure_catalogue import CATALOGUE
from web.language import LANGUAGES, texts


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_drill_has_a_title_that_an_audience_understands(lang: str) -> None:
    assert list(texts(lang)["stage"]["drills"]) == [mode.name for mode in CATALOGUE]
