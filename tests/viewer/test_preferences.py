"""What is set under Preferences > Anomalous Diffusion."""

from __future__ import annotations

import pytest
from npe2 import PluginManifest

from napari_anomalous_diffusion.viewer.batch import BatchPanel
from napari_anomalous_diffusion.viewer.dock import AnomalousDiffusionDock
from napari_anomalous_diffusion.viewer.preferences import PLUGIN, Preferences, preferences


@pytest.fixture
def settings(plugin_settings, npe2pm):
    from napari.settings import get_plugin_settings

    npe2pm.register(PluginManifest.from_distribution(PLUGIN))
    return get_plugin_settings(PLUGIN)


def test_the_manifest_offers_what_is_preferred_by_default(settings):
    assert preferences() == Preferences() == Preferences("models-20", "auto", 0.05)


def test_without_settings_of_the_plugin_all_is_as_by_default(plugin_settings):
    assert preferences() == Preferences()


def test_panels_start_with_what_is_preferred(settings, make_napari_viewer, qtbot):
    settings.scoring.bank = "subdiffusive-20"
    settings.scoring.device = "cpu"
    settings.scoring.level = 0.01
    assert preferences() == Preferences("subdiffusive-20", "cpu", 0.01)
    viewer = make_napari_viewer()
    batch = BatchPanel(viewer)
    qtbot.addWidget(batch)
    assert batch.bank.currentData() == "subdiffusive-20"
    dock = AnomalousDiffusionDock(viewer)
    qtbot.addWidget(dock)
    model = dock.model
    assert (model.bank, model.device, model.level) == ("subdiffusive-20", "cpu", 0.01)
    assert dock.form.banks.currentText() == "subdiffusive-20"
    assert dock.form.devices.currentText() == "cpu"
    assert dock.form.level.value() == 0.01


def test_a_bank_may_be_preferred_by_its_folder(settings, tiny_bank, make_napari_viewer, qtbot):
    settings.scoring.bank = str(tiny_bank.folder)
    dock = AnomalousDiffusionDock(make_napari_viewer())
    qtbot.addWidget(dock)
    assert dock.form.banks.currentText() == "tiny-20"


@pytest.mark.parametrize(("name", "value"), [("device", "abacus"), ("level", 2.0)])
def test_what_cannot_be_is_refused_by_napari(settings, name, value):
    with pytest.raises(ValueError, match=name):
        setattr(settings.scoring, name, value)


def test_a_bank_of_ones_own_is_in_the_list(make_napari_viewer, qtbot, tiny_bank, monkeypatch):
    monkeypatch.setenv("ANOMALOUS_DIFFUSION_BANKS", str(tiny_bank.folder.parent))
    dock = AnomalousDiffusionDock(make_napari_viewer())
    qtbot.addWidget(dock)
    banks = dock.form.banks
    assert "tiny-20" in [banks.itemText(place) for place in range(banks.count())]
