"""Detached Ed25519 signatures of model files: who made a file, which its own digests cannot show.

The signature is of the bytes of the whole file. Everything here needs the extra ``sign`` (cryptography), which is
loaded only when a key is used.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from pathlib import Path
from typing import Any

from edgeofcare.exceptions import ModelFileError, SpecError
from edgeofcare.whole_write import write_model, write_new

__all__ = ["PRIVATE_KEY", "PUBLIC_KEY", "make_signing_key", "refuse_unsigned", "sign_model", "signature_path"]

PRIVATE_KEY, PUBLIC_KEY = "signing_key.pem", "public_key.pem"
"""Names of the two files of a new key."""

_HEADER = "edgeofcare signature 1"
_SIGNATURE = re.compile(rb"edgeofcare signature 1\n([A-Za-z0-9+/]{86}==)\n")
_MOST_KEY_BYTES, _MOST_SIGNATURE_BYTES, _MOST_MODEL_BYTES = 10_000, 1_000, 1 << 30
_PEM = "-----BEGIN"
_ADVICE = "Nothing of it was used. Take the file and its signature again from the people who made it."


def signature_path(path: str | os.PathLike[str]) -> Path:
    """Where the signature of a model file stands: beside it, with ``.sig`` after its name.

    Parameters
    ----------
    path : str or path
        The model file.

    Returns
    -------
    Path
        The signature.

    Examples
    --------
    >>> signature_path("edge_of_care.eoc").name
    'edge_of_care.eoc.sig'
    """
    path = Path(path)
    return path.with_name(f"{path.name}.sig")


def make_signing_key(folder: str | os.PathLike[str], *, passphrase: str | None = None) -> tuple[Path, Path]:
    """Make a pair of keys: one to sign model files with, and one that everybody may have, to check them.

    Parameters
    ----------
    folder : str or path
        Where to write ``signing_key.pem``, which only its owner can read, and ``public_key.pem``; made if it is not
        there. Nothing is replaced.
    passphrase : str, optional
        Encrypts the key that signs. Without one, whoever gets the file can sign in your name.

    Returns
    -------
    tuple of Path
        The key that signs, and the public key.

    Raises
    ------
    SpecError
        If a key is there already, the folder cannot be written to, the passphrase is empty, or the extra ``sign`` is
        not installed.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in make_signing_key(folder, passphrase="four words of one's own")]
    ['signing_key.pem', 'public_key.pem']
    """
    _cryptography()
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    secret = _secret(passphrase)
    key = Ed25519PrivateKey.generate()
    locked: Any = form.NoEncryption() if secret is None else form.BestAvailableEncryption(secret)
    own = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, locked)
    open_to_all = key.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)
    target = _as_path(folder, "folder")
    if there := [name for name in (PRIVATE_KEY, PUBLIC_KEY) if os.path.lexists(target / name)]:
        msg = f"There is a {' and a '.join(there)} in that folder already; nothing was replaced. Give another folder."
        raise SpecError(msg)
    try:
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        msg = f"The folder of keys cannot be made ({_reason(error)}). Give the path of a folder, or of a new one."
        raise SpecError(msg) from None
    return (
        write_new(target / PRIVATE_KEY, own, "key that signs", mode=0o600),
        write_new(target / PUBLIC_KEY, open_to_all, "public key", mode=0o644),
    )


def sign_model(
    path: str | os.PathLike[str], key: str | os.PathLike[str] | bytes, *, passphrase: str | None = None
) -> Path:
    """Sign a model file, so that others can tell that it comes from you and that nobody changed it.

    Parameters
    ----------
    path : str or path
        What :func:`edgeofcare.save_model` wrote; it must be one that can be loaded.
    key : str, path or bytes
        The key that signs, in PEM: its file, or its text.
    passphrase : str, optional
        Of the key, where it has one.

    Returns
    -------
    Path
        The signature beside the file, ``NAME.eoc.sig``; an older one is replaced.

    Raises
    ------
    ModelFileError
        If the model file cannot be loaded.
    SpecError
        If the key cannot be read, is no Ed25519 key or needs another passphrase; the signature cannot be written; or
        the extra ``sign`` is not installed.

    Notes
    -----
    The signature is of the bytes of the file (Ed25519, RFC 8032), so that other programs can check it too.
    """
    _cryptography()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    from edgeofcare.model_archive import open_archive
    from edgeofcare.model_reading import make_scorer

    secret, text = _secret(passphrase), _pem(key, "key that signs")
    try:
        own = load_pem_private_key(text, secret)
    except Exception:  # whatever cryptography raises; its texts may quote the key
        own = None
    if not isinstance(own, Ed25519PrivateKey):
        msg = (
            "The key that signs cannot be used: it is no Ed25519 private key in PEM, or its passphrase is missing or "
            "another one. Make one with make_signing_key, or 'edgeofcare sign --new-key FOLDER'."
        )
        raise SpecError(msg)
    data = _model_bytes(_as_path(path, "path"))
    make_scorer(open_archive(data, max_bytes=len(data)))
    said = f"{_HEADER}\n{base64.b64encode(own.sign(data)).decode()}\n"
    return write_model(signature_path(path), said.encode())


def refuse_unsigned(path: Path, data: bytes, public_key: str | os.PathLike[str] | bytes) -> None:
    """Refuse a model file whose signature is missing, malformed or not by this key.

    Parameters
    ----------
    path : Path
        The model file, whose signature stands beside it.
    data : bytes
        Its bytes, of which nothing was looked at yet.
    public_key : str, path or bytes
        The public key in PEM: its file, or its text.

    Raises
    ------
    ModelFileError
        If the signature does not show that the holder of the key signed these bytes.
    SpecError
        If the key cannot be read or is no Ed25519 key, or the extra ``sign`` is not installed.
    """
    _cryptography()
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    text = _pem(public_key, "public key")
    try:
        key = load_pem_public_key(text)
    except Exception:  # whatever cryptography raises
        key = None
    if not isinstance(key, Ed25519PublicKey):
        msg = "The public key cannot be used: it is no Ed25519 public key in PEM. Give public_key.pem of the signer."
        raise SpecError(msg)
    signature = _signature(signature_path(path))
    try:
        key.verify(signature, data)
        right = True
    except InvalidSignature:
        right = False
    if not right:
        msg = (
            "The model file cannot be used. Its signature is not by this key, or is of another file: the file was "
            f"altered, or somebody else signed it. {_ADVICE}"
        )
        raise ModelFileError(msg)


def _signature(path: Path) -> bytes:
    """The signature in a file, or a refusal."""
    try:
        with path.open("rb") as file:
            text = file.read(_MOST_SIGNATURE_BYTES + 1)
    except (OSError, ValueError):
        text = None
    if text is None:
        msg = (
            "The model file cannot be used. It has no signature that can be read: a file with '.sig' after the name of "
            f"the model file must stand beside it, because a public key was given. {_ADVICE}"
        )
        raise ModelFileError(msg)
    found = _SIGNATURE.fullmatch(text.replace(b"\r\n", b"\n"))
    try:
        signature = b"" if found is None else base64.b64decode(found[1], validate=True)
    except binascii.Error:
        signature = b""
    if not signature:
        msg = f"The model file cannot be used. Its signature is not what 'edgeofcare sign' writes. {_ADVICE}"
        raise ModelFileError(msg)
    return signature


def _cryptography() -> None:
    """Refuse to go on without the extra."""
    try:
        import cryptography  # noqa: F401
    except ImportError:
        msg = "Signing model files and checking signatures needs cryptography: pip install 'edgeofcare[sign]'."
        raise SpecError(msg) from None


def _secret(passphrase: Any) -> bytes | None:
    """A passphrase as bytes."""
    if passphrase is None:
        return None
    if not isinstance(passphrase, str) or not passphrase:
        msg = "The passphrase is empty. Give one, or leave it out."
        raise SpecError(msg)
    return passphrase.encode()


def _pem(key: Any, what: str) -> bytes:
    """The text of a key, read from its file where a path is given."""
    if isinstance(key, bytes):
        return key
    if isinstance(key, str) and key.lstrip().startswith(_PEM):
        return key.encode()
    try:
        with _as_path(key, what).open("rb") as file:
            return file.read(_MOST_KEY_BYTES)
    except (OSError, ValueError) as error:
        msg = f"The {what} cannot be read ({_reason(error)}). Give the path of a PEM file, or its text."
        raise SpecError(msg) from None


def _model_bytes(path: Path) -> bytes:
    """The bytes of a model file that its own maker signs."""
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_MODEL_BYTES + 1)
    except (OSError, ValueError) as error:
        msg = f"There is no model file at that path that can be read ({_reason(error)}). Give what save_model wrote."
        raise ModelFileError(msg) from None
    if len(data) > _MOST_MODEL_BYTES:
        msg = f"The model file is larger than {_MOST_MODEL_BYTES:,} bytes, so it is not signed."
        raise ModelFileError(msg)
    return data


def _as_path(value: Any, what: str) -> Path:
    """A path that a caller gave."""
    try:
        return Path(value)
    except TypeError:
        msg = f"{what} is a {type(value).__name__}; expected a path, as text or a Path."
        raise SpecError(msg) from None


def _reason(error: Exception) -> str:
    """What the system says of a file, without its path."""
    return str(getattr(error, "strerror", None) or type(error).__name__)
