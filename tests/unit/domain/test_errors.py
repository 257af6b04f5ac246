from domain.errors import StoreUnavailable, UnreadableCommit, VersionConflict


def test_a_conflict_says_what_was_expected_and_what_is_there() -> None:
    conflict = VersionConflict("wish#1", 2, 3)
    assert str(conflict) == "wish#1 is at version 3 at least, not at 2"
    assert conflict.code == ""


def test_a_transient_error_has_a_reason_and_the_code_of_aws() -> None:
    assert (str(StoreUnavailable()), StoreUnavailable().code) == ("", "")
    error = StoreUnavailable("some keys were not read", "ThrottlingException")
    assert (str(error), error.code) == ("some keys were not read", "ThrottlingException")


def test_an_unreadable_commit_is_named_by_its_place_and_reason() -> None:
    error = UnreadableCommit("wish#1", 2, "time: KeyError")
    assert (error.stream, error.version, error.reason) == ("wish#1", 2, "time: KeyError")
    assert str(error) == "version 2 of wish#1: time: KeyError"
