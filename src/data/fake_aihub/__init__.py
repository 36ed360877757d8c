"""A fake tree in the layout of AI-Hub's 한국인 재식별 이미지, of any size, damage included (docs/aihub.md)."""

from dongsun.data.fake_aihub.settings import Damage, FakeTree
from dongsun.data.fake_aihub.tree import FakeTreeFacts, write_fake_tree

__all__ = ["Damage", "FakeTree", "FakeTreeFacts", "write_fake_tree"]
