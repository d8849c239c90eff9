"""Signatures show who made a model file; without a key nothing of cryptography is loaded."""

from __future__ import annotations

import stat
import subprocess
import sys

import pytest

from edgeofcare import signing
from edgeofcare.cli.entry import main
from edgeofcare.cli.sign import PASSPHRASE
from edgeofcare.exceptions import ModelFileError, SpecError
from edgeofcare.model_file import load_model, save_model
from edgeofcare.signing import make_signing_key, sign_model, signature_path
from saved_models import FEATURES, TASK, trained

SECRET = "four words of one's own"


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    return save_model(
        tmp_path_factory.mktemp("saved") / "model.eoc", trained("logistic").model, features=FEATURES, task=TASK
    ).read_bytes()


@pytest.fixture
def path(saved, tmp_path):
    (tmp_path / "model.eoc").write_bytes(saved)
    return tmp_path / "model.eoc"


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return make_signing_key(tmp_path_factory.mktemp("keys"), passphrase=SECRET)


def test_a_signed_file_loads_with_its_key_as_a_path_or_as_text(path, keys):
    written = sign_model(path, keys[0], passphrase=SECRET)
    assert written == signature_path(path) == path.with_name("model.eoc.sig")
    text = keys[1].read_text(encoding="utf-8")
    for key in (keys[1], str(keys[1]), text, text.encode()):
        assert load_model(path, public_key=key).feature_names == FEATURES
    assert sign_model(path, keys[0].read_text(encoding="utf-8"), passphrase=SECRET).read_bytes() == written.read_bytes()
    assert load_model(path).feature_names == FEATURES


def test_any_program_can_check_the_signature(path, keys):
    import base64

    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    head, text = sign_model(path, keys[0], passphrase=SECRET).read_text(encoding="utf-8").splitlines()
    assert head == "edgeofcare signature 1"
    load_pem_public_key(keys[1].read_bytes()).verify(base64.b64decode(text), path.read_bytes())


def test_the_signature_is_checked_before_anything_is_parsed(path, keys, monkeypatch):
    def opened(*_, **__):
        pytest.fail("the file was opened")

    monkeypatch.setattr("edgeofcare.model_file.open_archive", opened)
    with pytest.raises(ModelFileError, match="has no signature that can be read"):
        load_model(path, public_key=keys[1])
    signature_path(path).write_bytes(b"edgeofcare signature 1\n" + b"A" * 86 + b"==\n")
    with pytest.raises(ModelFileError, match="not by this key"):
        load_model(path, public_key=keys[1])


@pytest.mark.parametrize(
    "text",
    [b"", b"\x80\x04", b"A" * 86 + b"==\n", b"edgeofcare signature 2\n" + b"A" * 86 + b"==\n", b"x" * 5_000],
)
def test_a_signature_that_is_none_is_refused(text, path, keys):
    signature_path(path).write_bytes(text)
    with pytest.raises(ModelFileError, match="not what 'edgeofcare sign' writes"):
        load_model(path, public_key=keys[1])
    (path.parent / "model.eoc.sig").unlink()
    (path.parent / "model.eoc.sig").mkdir()
    with pytest.raises(ModelFileError, match="no signature that can be read"):
        load_model(path, public_key=keys[1])


def test_the_signature_of_another_file_or_key_is_refused(path, keys, tmp_path):
    other = make_signing_key(tmp_path / "other")
    sign_model(path, other[0])
    with pytest.raises(ModelFileError, match=r"not by this key(.|\n)*again from the people who made it"):
        load_model(path, public_key=keys[1])
    sign_model(path, keys[0], passphrase=SECRET)
    save_model(path, trained("logistic").model, features=FEATURES, task=TASK, expires="2031-01-01")
    with pytest.raises(ModelFileError, match="of another file"):
        load_model(path, public_key=keys[1])


def test_keys_that_cannot_be_used_are_refused_without_quoting_them(path, keys, tmp_path):
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

    other = generate_private_key(SECP256R1())
    text = other.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "ec.pem").write_bytes(text)
    for key, secret in ((tmp_path / "ec.pem", None), (keys[0], None), (keys[0], "wrong"), (keys[1], None), (b"", None)):
        with pytest.raises(SpecError, match="key that signs cannot be used") as caught:
            sign_model(path, key, passphrase=secret)
        assert "BEGIN" not in str(caught.value)
    assert not signature_path(path).exists()
    for key in (keys[0], b"-----BEGIN nothing", tmp_path / "ec.pem"):
        with pytest.raises(SpecError, match="public key cannot be used"):
            load_model(path, public_key=key)
    for key in (tmp_path / "none.pem", tmp_path, 5):
        with pytest.raises(SpecError, match=r"cannot be read|expected a path"):
            load_model(path, public_key=key)


def test_what_cannot_be_loaded_is_not_signed(path, keys, tmp_path):
    path.write_bytes(path.read_bytes()[:-5])
    for each in (path, tmp_path / "none.eoc"):
        with pytest.raises(ModelFileError):
            sign_model(each, keys[0], passphrase=SECRET)
        assert not signature_path(each).exists()


@pytest.mark.skipif(sys.platform == "win32", reason="modes of files")
def test_the_key_that_signs_is_its_owners_alone(tmp_path):
    own, public = make_signing_key(tmp_path / "new" / "keys")
    assert stat.S_IMODE(own.stat().st_mode) == 0o600
    assert b"ENCRYPTED" not in own.read_bytes()
    assert b"PUBLIC KEY" in public.read_bytes()


@pytest.mark.parametrize("name", ["signing_key.pem", "public_key.pem"])
def test_no_key_is_ever_replaced(name, tmp_path):
    (tmp_path / name).write_bytes(b"precious")
    with pytest.raises(SpecError, match="already; nothing was replaced"):
        make_signing_key(tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_bytes() == b"precious"


def test_a_passphrase_encrypts_the_key(keys, tmp_path):
    assert b"ENCRYPTED" in keys[0].read_bytes()
    with pytest.raises(SpecError, match="passphrase is empty"):
        make_signing_key(tmp_path, passphrase="")
    (tmp_path / "file").write_text("")
    with pytest.raises(SpecError, match="folder of keys cannot be made"):
        make_signing_key(tmp_path / "file" / "folder")


def test_without_the_extra_it_is_said_what_to_install(path, keys, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "cryptography", None)
    for call in (
        lambda: make_signing_key(tmp_path),
        lambda: sign_model(path, keys[0]),
        lambda: load_model(path, public_key=keys[1]),
    ):
        with pytest.raises(SpecError, match=r"pip install 'edgeofcare\[sign\]'"):
            call()


def test_without_a_key_nothing_of_cryptography_is_loaded(path):
    code = (
        "import sys; from edgeofcare.model_file import load_model;"
        f"load_model({str(path)!r});"
        "print([m for m in ('cryptography', 'edgeofcare.signing', 'pandas', 'sklearn', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_command_makes_keys_signs_and_is_checked_by_inspect(path, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv(PASSPHRASE, SECRET)
    folder = tmp_path / "keys"
    assert main(["sign", "--new-key", str(folder)]) == 0
    assert SECRET not in capsys.readouterr().out
    assert main(["sign", str(path), "--key", str(folder / signing.PRIVATE_KEY)]) == 0
    assert capsys.readouterr().out.strip() == str(signature_path(path))
    assert main(["inspect", str(path)]) == 0
    assert "there is one, which was not checked" in capsys.readouterr().out
    assert main(["inspect", str(path), "--public-key", str(folder / signing.PUBLIC_KEY)]) == 0
    assert "checked: it is by this key" in capsys.readouterr().out
    assert main(["sign", "--new-key", str(folder)]) == 2
    monkeypatch.delenv(PASSPHRASE)
    assert main(["sign", str(path), "--key", str(folder / signing.PRIVATE_KEY)]) == 2
    assert main(["sign", "--new-key", str(tmp_path / "open")]) == 0
    assert "has no passphrase" in capsys.readouterr().out
    for wrong in (["sign"], ["sign", str(path)], ["sign", str(path), "--new-key", str(tmp_path / "more")]):
        assert main(wrong) == 2
    assert not (tmp_path / "more").exists()
