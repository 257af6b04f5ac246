"""The pages have words for the hall for every failure mode, in every language."""

import pytest

from observability.failure_catalogue import CATALOGUE
from tests.support.texts import every_text
from web.language import LANGUAGES


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_drill_has_a_title_that_an_audience_understands(lang: str) -> None:
    assert list(every_text(lang)["stage"]["drills"]) == [mode.name for mode in CATALOGUE]
