import pytest

from whatsapp.limits import LimitExceeded, check_opaque, check_text


def test_the_longest_text_and_the_longest_mark_are_allowed() -> None:
    check_text("ß" * 4096)
    check_opaque("x" * 512)


@pytest.mark.parametrize(("check", "limit"), [(check_text, 4096), (check_opaque, 512)])
def test_one_character_more_names_the_limit(check: object, limit: int) -> None:
    with pytest.raises(LimitExceeded) as caught:
        check("م" * (limit + 1))  # type: ignore[operator]

    assert (caught.value.length, caught.value.limit) == (limit + 1, limit)
    assert isinstance(caught.value, ValueError)
    assert str(caught.value).endswith(f"has {limit + 1} characters; WhatsApp accepts {limit}")


@pytest.mark.parametrize("nothing", ["", " ", "\n\t\u00a0"])
def test_a_text_needs_something_to_read(nothing: str) -> None:
    with pytest.raises(ValueError, match="needs a text"):
        check_text(nothing)
