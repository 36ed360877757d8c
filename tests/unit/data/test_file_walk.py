import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dongsun.data.file_walk import normalised, walk_files, walk_names

NFC, NFD = (unicodedata.normalize(form, "한국") for form in ("NFC", "NFD"))


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


def test_every_file_is_named_once_folder_by_folder_in_nfc_order(root, problems):
    for name in ("b/2.png", "b/10.png", "a.xml", f"{NFD}/x.png", f"{NFC}/x.png", "b/deep/down/1.png", "zz.png"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    expected = ["a.xml", "b/10.png", "b/2.png", "b/deep/down/1.png", "zz.png"]
    # A file system may take the two spellings for one folder.
    spelled = sorted(p.name for p in root.iterdir() if normalised(p.name) == NFC)
    expected += [f"{name}/x.png" for name in spelled]
    assert list(walk_names(root, problems)) == expected
    assert list(walk_files(root, problems)) == [root / name for name in expected]
    assert problems.counts == {}


def test_links_to_folders_are_listed_and_links_to_files_are_files(root, problems):
    (root / "in").mkdir()
    (root / "in" / "1.png").touch()
    (root / "folder").symlink_to(root / "in")
    (root / "file.png").symlink_to(root / "in" / "1.png")
    (root / "gone.png").symlink_to(root / "nowhere")
    assert list(walk_names(root, problems)) == ["file.png", "gone.png", "in/1.png"]
    assert problems.counts == {"linked_folder_not_followed": 1}


def test_a_folder_that_cannot_be_read_is_listed(root, problems):
    assert list(walk_names(root / "absent", problems)) == []
    assert problems.counts == {"unreadable_folder": 1}


@given(st.text(max_size=20))
def test_normalising_is_nfc(text):
    assert normalised(text) == unicodedata.normalize("NFC", text)
