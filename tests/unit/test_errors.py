from woosync import errors


def test_every_error_kind_carries_a_sentence_and_a_remedy() -> None:
    for kind in (
        errors.TemporaryError,
        errors.PermanentError,
        errors.RecordError,
        errors.RefusedError,
    ):
        error = kind("It broke.", remedy="Mend it.")
        assert (str(error), error.remedy) == ("It broke.", "Mend it.")
        assert error.exit_code > 1
