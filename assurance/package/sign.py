"""Local Ed25519 keys and the signed envelope (DSSE) around the package's attestation.

The signature covers the payload's bytes as they stand in the envelope and its type (DSSE's pre-authentication
encoding, by securesystemslib). Accepted is one signature by one key: a second one would leave open which of the two
a reader relies on. The envelope has one byte form, so nothing can be hidden beside what is signed.
Not here: what is attested (layout.py), whether a key belongs to whom it should: that is for people to settle.
"""

from __future__ import annotations

import base64
import contextlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import UnverifiedSignatureError, VerificationError
from securesystemslib.signer import CryptoSigner, Signature, SSlibKey

from assurance.package.layout import MAX_JSON_BYTES, read_json
from evidence.diagnostics import Finding, Place, Severity, code
from evidence.digest import canonical_json
from evidence.errors import InputError

P_KEY = code(
    "P101",
    Severity.ERROR,
    "key cannot be used",
    "give a PEM file with an unencrypted Ed25519 key; `assurance package CASE --key FILE --new-key --out ZIP` makes one",
)
P_KEY_EXISTS = code("P102", Severity.ERROR, "key file exists already", "use it, or name another file: no key is lost")
P_ENVELOPE = code("P120", Severity.ERROR, "attestation cannot be read", "ask the sender for the original")
P_SIGNATURE = code(
    "P121",
    Severity.ERROR,
    "signature does not verify",
    "do not rely on the package: ask the sender for the original",
    "DSSE 1.0",
)
P_OTHER_KEY = code(
    "P122",
    Severity.ERROR,
    "signed by another key than the trusted one",
    "compare key identifiers with the signer by a separate way; give the public key of who signed",
)
P_SIGNATURES = code(
    "P124", Severity.ERROR, "not exactly one signature", "a package carries one signature: ask the sender to sign once"
)
P_TYPE = code(
    "P125", Severity.ERROR, "what is signed is not the attestation of a package", "ask the sender for the original"
)

PAYLOAD_TYPE = "application/vnd.in-toto+json"
MAX_KEY_BYTES = 64_000
_KEY_ID = re.compile(r"[0-9a-f]{64}")
MAX_ENVELOPE_BYTES = 4 * (MAX_JSON_BYTES // 3) + 10_000


@dataclass(frozen=True)
class PublicKey:
    """A key to verify with. `id`: SHA-256 over type and key in canonical JSON, as securesystemslib identifies it."""

    id: str
    pem: bytes
    key: Any


@dataclass(frozen=True)
class SigningKey:
    """A key to sign with, and its public half."""

    public: PublicKey
    signer: Any


@dataclass(frozen=True)
class NewKey:
    """Where a new pair was written; `id` is what signer and reader compare by a separate way."""

    private: Path
    public: Path
    id: str


@dataclass(frozen=True)
class Signed:
    """An envelope, taken apart but not yet verified: `payload` is the bytes that the signature is over."""

    payload: bytes
    payload_type: str
    key_id: str
    signature: bytes


def new_key(path: Path) -> NewKey:
    """Make a key pair: PATH (private, readable by its owner alone) and PATH.pub. Raises InputError P102, P101."""
    public_path = path.with_name(path.name + ".pub")
    made = Ed25519PrivateKey.generate()
    private = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = _public(made.public_key())
    for target in (path, public_path):
        if target.exists() or target.is_symlink():
            raise InputError.of(P_KEY_EXISTS, f"{target} exists", Place(str(target)))
    written: list[Path] = []
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for target, data, mode in ((path, private, 0o600), (public_path, public.pem, 0o644)):
            _create(target, data, mode)
            written.append(target)
    except OSError as error:
        for target in written:
            with contextlib.suppress(OSError):
                target.unlink()
        if isinstance(error, FileExistsError):
            raise InputError.of(P_KEY_EXISTS, f"{error.filename} exists", Place(str(error.filename))) from None
        raise InputError.of(P_KEY, f"cannot write the key: {error.strerror}", Place(str(path))) from None
    return NewKey(path, public_path, public.id)


def _create(path: Path, data: bytes, mode: int) -> None:
    """Write a file that must not exist yet: O_EXCL leaves no moment in which somebody else's file is replaced."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def load_signing_key(path: Path) -> SigningKey:
    """The private key in a PEM file (PKCS8, Ed25519, not encrypted). Raises InputError P101."""
    data = _read_key(path)
    try:
        key = load_pem_private_key(data, password=None)
    except TypeError:
        raise InputError.of(P_KEY, "the private key is encrypted", Place(str(path))) from None
    except (ValueError, UnsupportedAlgorithm):
        raise InputError.of(P_KEY, "there is no PEM private key in the file", Place(str(path))) from None
    if not isinstance(key, Ed25519PrivateKey):
        kind = type(key).__name__.lstrip("_").removesuffix("PrivateKey")
        raise InputError.of(P_KEY, f"the key is of type {kind}", Place(str(path)), expected="Ed25519")
    public = _public(key.public_key())
    return SigningKey(public, CryptoSigner(key, public.key))


def load_public_key(path: Path) -> PublicKey:
    """The public key in a PEM file. Raises InputError P101, also when somebody hands over a private key."""
    data = _read_key(path)
    if b"PRIVATE KEY" in data:
        message = "this is a private key; a reader verifies with the public one and never needs this file"
        raise InputError.of(P_KEY, message, Place(str(path)))
    return public_key(data, str(path))


def public_key(pem: bytes, name: str) -> PublicKey:
    """A public key from PEM bytes. Raises InputError P101."""
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise InputError.of(P_KEY, "there is no PEM public key in the file", Place(name)) from None
    if not isinstance(key, Ed25519PublicKey):
        raise InputError.of(P_KEY, "the public key is of another type", Place(name), expected="Ed25519")
    return _public(key)


def _public(key: Ed25519PublicKey) -> PublicKey:
    known = SSlibKey.from_crypto(key)
    return PublicKey(known.keyid, key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), known)


def _read_key(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_KEY_BYTES + 1)
    except OSError as error:
        raise InputError.of(P_KEY, f"cannot read the key file: {error.strerror}", Place(str(path))) from None
    if len(data) > MAX_KEY_BYTES:
        raise InputError.of(P_KEY, f"a key file has at most {MAX_KEY_BYTES} bytes", Place(str(path)))
    return data


def sign(payload: bytes, key: SigningKey) -> bytes:
    """The envelope around a payload, in its one byte form. Ed25519 is deterministic: same input, same bytes."""
    envelope = Envelope(payload, PAYLOAD_TYPE, {})
    envelope.sign(key.signer)
    signature = bytes.fromhex(envelope.signatures[key.public.id].signature)
    return _encode(Signed(payload, PAYLOAD_TYPE, key.public.id, signature))


def _encode(signed: Signed) -> bytes:
    return canonical_json(
        {
            "payload": base64.b64encode(signed.payload).decode(),
            "payloadType": signed.payload_type,
            "signatures": [{"keyid": signed.key_id, "sig": base64.b64encode(signed.signature).decode()}],
        }
    )


def open_envelope(data: bytes, name: str) -> Signed | Finding:
    """Take an envelope apart. The answer is unverified; a Finding (P120, P124, P125) says why there is none."""
    value = read_json(data, MAX_ENVELOPE_BYTES)
    if not isinstance(value, dict) or set(value) != {"payload", "payloadType", "signatures"}:
        return P_ENVELOPE.finding(f"{name} is no DSSE envelope", Place(element=name))
    signatures = value["signatures"]
    if not isinstance(signatures, list) or len(signatures) != 1:
        count = len(signatures) if isinstance(signatures, list) else "no list of"
        return P_SIGNATURES.finding(f"{name} holds {count} signatures", Place(element=name), expected="1 signature")
    only = signatures[0]
    if not isinstance(only, dict) or set(only) != {"keyid", "sig"}:
        return P_ENVELOPE.finding(f"{name}: the signature is malformed", Place(element=name))
    texts = (value["payload"], value["payloadType"], only["keyid"], only["sig"])
    try:
        payload, payload_type, key_id, signature = (str(text) if isinstance(text, str) else "\0" for text in texts)
        signed = Signed(
            base64.b64decode(payload, validate=True), payload_type, key_id, base64.b64decode(signature, validate=True)
        )
    except ValueError:
        return P_ENVELOPE.finding(f"{name}: payload or signature is not base64", Place(element=name))
    if signed.payload_type != PAYLOAD_TYPE:
        message = f"{name} holds a payload of type {signed.payload_type!r:.80}"
        return P_TYPE.finding(message, Place(element=name), expected=PAYLOAD_TYPE)
    if not _KEY_ID.fullmatch(key_id) or _encode(signed) != data:
        return P_ENVELOPE.finding(f"{name} is not in the one form that an envelope has", Place(element=name))
    return signed


def verify(signed: Signed, key: PublicKey, name: str) -> Finding | None:
    """None when this key signed these bytes; else P122 (another key is named) or P121."""
    if signed.key_id != key.id:
        message = f"{name} names the key {signed.key_id:.80}"
        return P_OTHER_KEY.finding(message, Place(element=name), expected=f"the key {key.id}")
    signatures = {signed.key_id: Signature(signed.key_id, signed.signature.hex())}
    try:
        Envelope(signed.payload, signed.payload_type, signatures).verify([key.key], 1)
    except (VerificationError, UnverifiedSignatureError):
        return P_SIGNATURE.finding(
            f"{name}: the signature is not one of the key {key.id} over these bytes", Place(element=name)
        )
    return None
