"""What tests of commands share."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from world_cases import plain


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A small scenario on disk."""
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(plain(duration="60s")), encoding="utf-8")
    return path
