from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.skipif(not shutil.which("xvfb-run"), reason="needs xvfb-run, a virtual screen")
def test_the_panels_work_together_in_a_real_window(tiny_bank, tmp_path):
    script = Path(__file__).with_name("linking_window.py")
    screen = ["xvfb-run", "--auto-servernum", "--server-args", "-screen 0 1280x900x24"]
    command = [*screen, sys.executable, str(script), str(tiny_bank.folder), str(tmp_path)]
    environment = {key: value for key, value in os.environ.items() if key != "QT_QPA_PLATFORM"}
    environment |= {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=240)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "FutureWarning" not in done.stderr
    facts = json.loads(done.stdout.splitlines()[-1])
    assert facts["fits"] == {"linking": True, "batch": True, "compare": True}
    assert facts["points"] > 5
    assert facts["after the preview"] == ["beads"]
    assert facts["tracks"]
    assert facts["world"] == [True, True]
    calibration = {
        "pixel_size": 0.35,
        "length_unit": "µm",
        "frame_interval": 0.04,
        "time_unit": "s",
    }
    assert calibration.items() <= facts["calibration"].items()
    assert facts["colour"] == "best"
    assert facts["taken over"]
    assert facts["bank"]
    assert facts["summary"] == ["beads tracks", "other tracks"]
    assert facts["selected"] == "beads tracks"
    assert facts["in the dock"] == ["beads tracks", True]
    assert facts["compared"] == ["beads tracks", "other tracks"]
    assert not facts["left behind"]
    print(f"The pictures to look at: {tmp_path}")
