"""Keys and envelopes: what is accepted, and every refusal."""

from __future__ import annotations

import base64
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)
from package_toys import raw_signature

from assurance.package import sign
from evidence.diagnostics import Finding
from evidence.digest import canonical_json
from evidence.errors import InputError

NAME = "attestation.dsse.json"


@pytest.fixture
def pair(tmp_path: Path) -> sign.NewKey:
    return sign.new_key(tmp_path / "signer")


def test_new_key_is_private_and_never_overwrites(tmp_path: Path) -> None:
    made = sign.new_key(tmp_path / "deep" / "signer")
    assert made.public.name == "signer.pub"
    if os.name == "posix":
        assert stat.S_IMODE(made.private.stat().st_mode) == 0o600
    kept = made.private.read_bytes(), made.public.read_bytes()
    with pytest.raises(InputError) as refused:
        sign.new_key(tmp_path / "deep" / "signer")
    assert refused.value.finding.code == "P102"
    assert kept == (made.private.read_bytes(), made.public.read_bytes())
    made.private.unlink()
    with pytest.raises(InputError):  # the public half alone is reason enough
        sign.new_key(tmp_path / "deep" / "signer")
    assert not made.private.exists()


def test_both_halves_have_one_identifier(pair: sign.NewKey) -> None:
    assert sign.load_signing_key(pair.private).public.id == pair.id == sign.load_public_key(pair.public).id


def _pem(key: Any, encryption: Any = None) -> bytes:
    return bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption()))


BAD_KEYS: dict[str, bytes] = {
    "rsa": _pem(rsa.generate_private_key(65537, 2048)),
    "ecdsa": _pem(ec.generate_private_key(ec.SECP256R1())),
    "ed448": _pem(ed448.Ed448PrivateKey.generate()),
    "x25519": _pem(x25519.X25519PrivateKey.generate()),
    "encrypted": _pem(ed25519.Ed25519PrivateKey.generate(), BestAvailableEncryption(b"secret")),
    "garbage": b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    "empty": b"",
    "text": b"my key",
    "large": b"A" * 100_000,
}


@pytest.mark.parametrize("kind", BAD_KEYS)
def test_keys_that_cannot_sign(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(BAD_KEYS[kind])
    with pytest.raises(InputError) as refused:
        sign.load_signing_key(path)
    assert refused.value.finding.code == "P101"
    with pytest.raises(InputError) as refused:
        sign.load_public_key(path)
    assert refused.value.finding.code == "P101"


def test_missing_key_and_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(InputError) as refused:
            sign.load_signing_key(path)
        assert refused.value.finding.code == "P101"


def test_public_key_of_another_type_and_swapped_files(tmp_path: Path, pair: sign.NewKey) -> None:
    other = tmp_path / "rsa.pub"
    key = rsa.generate_private_key(65537, 2048).public_key()
    other.write_bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    with pytest.raises(InputError, match="another type"):
        sign.load_public_key(other)
    with pytest.raises(InputError, match="private key"):
        sign.load_public_key(pair.private)
    with pytest.raises(InputError):
        sign.load_signing_key(pair.public)


def opened(data: bytes) -> sign.Signed:
    found = sign.open_envelope(data, NAME)
    assert isinstance(found, sign.Signed)
    return found


def refusal(data: bytes) -> str:
    found = sign.open_envelope(data, NAME)
    assert isinstance(found, Finding)
    return found.code


def test_signature_is_plain_dsse(pair: sign.NewKey) -> None:
    """Verified with the formula of the DSSE specification, without the library that signed."""
    payload = b'{"a":1}'
    data = sign.sign(payload, sign.load_signing_key(pair.private))
    envelope = json.loads(data)
    kind = envelope["payloadType"].encode()
    pae = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    public: Any = load_pem_public_key(pair.public.read_bytes())
    public.verify(base64.b64decode(envelope["signatures"][0]["sig"]), pae)
    assert base64.b64decode(envelope["payload"]) == payload


def test_good_envelope_verifies_and_is_deterministic(pair: sign.NewKey) -> None:
    key = sign.load_signing_key(pair.private)
    data = sign.sign(b"payload", key)
    assert data == sign.sign(b"payload", key)
    assert sign.verify(opened(data), sign.load_public_key(pair.public), NAME) is None


def test_another_key_and_another_payload(pair: sign.NewKey, tmp_path: Path) -> None:
    other = sign.new_key(tmp_path / "other")
    data = sign.sign(b"payload", sign.load_signing_key(pair.private))
    found = sign.verify(opened(data), sign.load_public_key(other.public), NAME)
    assert found is not None
    assert found.code == "P122"
    value = json.loads(data)
    value["payload"] = base64.b64encode(b"Payload").decode()
    found = sign.verify(opened(canonical_json(value)), sign.load_public_key(pair.public), NAME)
    assert found is not None
    assert found.code == "P121"
    value = json.loads(data)
    value["signatures"][0]["keyid"] = other.id  # claims to be the other key
    found = sign.verify(opened(canonical_json(value)), sign.load_public_key(other.public), NAME)
    assert found is not None
    assert found.code == "P121"


def test_signature_over_the_payload_alone_is_refused(pair: sign.NewKey) -> None:
    """Type confusion: the bytes are signed, but not as this type of payload."""
    payload = b'{"a":1}'
    value = json.loads(sign.sign(payload, sign.load_signing_key(pair.private)))
    for wrong in (payload, b"DSSEv1 4 text 7 " + payload):
        value["signatures"][0]["sig"] = base64.b64encode(raw_signature(pair.private, wrong)).decode()
        found = sign.verify(opened(canonical_json(value)), sign.load_public_key(pair.public), NAME)
        assert found is not None
        assert found.code == "P121"


def test_malformed_envelopes(pair: sign.NewKey, tmp_path: Path) -> None:
    good = sign.sign(b"payload", sign.load_signing_key(pair.private))
    value = json.loads(good)
    second = sign.sign(b"payload", sign.load_signing_key(sign.new_key(tmp_path / "second").private))
    both = [*value["signatures"], *json.loads(second)["signatures"]]
    signature = value["signatures"][0]
    cases: list[tuple[dict[str, Any], str]] = [
        ({"signatures": both}, "P124"),
        ({"signatures": [signature, signature]}, "P124"),
        ({"signatures": []}, "P124"),
        ({"signatures": "x"}, "P124"),
        ({"signatures": [signature | {"extra": 1}]}, "P120"),
        ({"signatures": [{"sig": signature["sig"]}]}, "P120"),
        ({"signatures": [signature | {"sig": 5}]}, "P120"),
        ({"signatures": [signature | {"keyid": "x" * 64}]}, "P120"),
        ({"signatures": [signature | {"sig": signature["sig"] + "="}]}, "P120"),
        ({"payload": "not base64!"}, "P120"),
        ({"payload": value["payload"].rstrip("=")}, "P120"),
        ({"payload": None}, "P120"),
        ({"payloadType": "application/json"}, "P125"),
        ({"payloadType": ""}, "P125"),
        ({"extra": 1}, "P120"),
    ]
    for change, code in cases:
        assert refusal(canonical_json(value | change)) == code, change
    for data in (
        b"",
        b"null",
        b"[]",
        good + b" ",
        b" " + good,
        json.dumps(value).encode(),
        b"[" * 100_000,
        b"\xff\xfe",
    ):
        assert refusal(data) == "P120"
    assert refusal(good.replace(b'"payload":', b'"payload":"eA==","payload":', 1)) == "P120"
    assert refusal(good.replace(signature["keyid"].encode(), b"\\ud800")) == "P120"


def test_noncanonical_base64_is_refused(pair: sign.NewKey) -> None:
    """Two texts that decode to the same bytes: the last bits of the padding are free, but not here."""
    value = json.loads(sign.sign(b"payload", sign.load_signing_key(pair.private)))
    assert value["payload"].endswith("ZA==")
    value["payload"] = value["payload"].replace("ZA==", "ZB==")
    assert base64.b64decode(value["payload"]) == b"payload"
    assert refusal(canonical_json(value)) == "P120"
