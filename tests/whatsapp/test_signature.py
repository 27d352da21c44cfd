import pytest

from whatsapp.signature import appsecret_proof, sign, verify

FOX = b"The quick brown fox jumps over the lazy dog"
FOX_HMAC = "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"
BODY = b'{"object":"whatsapp_business_account","entry":[]}'


def test_the_signature_is_hmac_sha256_of_the_raw_body_keyed_with_the_secret() -> None:
    assert sign("key", FOX) == f"sha256={FOX_HMAC}"


def test_the_proof_is_hmac_sha256_of_the_token_keyed_with_the_secret() -> None:
    assert appsecret_proof("key", FOX.decode()) == FOX_HMAC


@pytest.mark.parametrize("as_bytes", [False, True])
@pytest.mark.parametrize("secret", ["old", "new"])
def test_either_of_two_secrets_is_accepted_while_one_replaces_the_other(secret: str, as_bytes: bool) -> None:
    header = sign(secret, BODY)

    assert verify(["new", "old"], BODY, header.encode() if as_bytes else header) is True


@pytest.mark.parametrize("change", [b" ", b"\n", b"\x00"])
def test_one_byte_more_is_refused(change: bytes) -> None:
    assert verify(["s"], BODY + change, sign("s", BODY)) is False


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        b"",
        "sha256=",
        "sha256",
        FOX_HMAC,
        sign("s", BODY).removeprefix("sha256="),
        sign("s", BODY).replace("sha256", "sha1"),
        sign("s", BODY).upper(),
        sign("s", BODY) + " ",
        sign("s", BODY)[:-1],
        sign("other", BODY),
        "sha256=é\ud800\x00",
        b"\xff\xfe\x00",
        "sha256=" + "0" * 100_000,
    ],
    ids=range(15),
)
def test_anything_else_is_refused_and_nothing_raises(header: str | bytes | None) -> None:
    assert verify(["s"], BODY, header) is False


def test_a_header_of_a_wrong_type_is_refused() -> None:
    assert verify(["s"], BODY, 7) is False  # type: ignore[arg-type]


@pytest.mark.parametrize("secrets", [[], [""], ["", ""]])
def test_an_empty_secret_opens_nothing(secrets: list[str]) -> None:
    assert verify(secrets, BODY, sign("", BODY)) is False


def test_an_empty_secret_beside_a_real_one_opens_nothing() -> None:
    assert verify(["", "s"], BODY, sign("", BODY)) is False
    assert verify(["", "s"], BODY, sign("s", BODY)) is True
