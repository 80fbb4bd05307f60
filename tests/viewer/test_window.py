from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.skipif(not shutil.which("xvfb-run"), reason="needs xvfb-run, a virtual screen")
def test_a_real_window_is_scored_and_clicked(tiny_bank, tmp_path):
    picture = tmp_path / "window.png"
    script = Path(__file__).with_name("window.py")
    screen = ["xvfb-run", "--auto-servernum", "--server-args", "-screen 0 1280x900x24"]
    command = [*screen, sys.executable, str(script), str(tiny_bank.folder), str(picture)]
    environment = {key: value for key, value in os.environ.items() if key != "QT_QPA_PLATFORM"}
    environment |= {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=240)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    facts = json.loads(done.stdout.splitlines()[-1])
    assert len(facts["clicks"]) >= 3
    assert all(meant == selected for meant, selected in facts["clicks"])
    assert facts["too wide"] == []
    before, after = facts["down"]
    assert after == before + 1
    assert facts["escape"] is None
    before, after = facts["drag"]["selected"]
    assert (before == after, facts["drag"]["moved"]) == (True, True)
    assert picture.stat().st_size > 50_000
    print(f"The picture to look at: {picture}")
