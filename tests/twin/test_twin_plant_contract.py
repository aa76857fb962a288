from __future__ import annotations

from rove_teleop.twin.plant import TwinPlant
from tests.contracts.plant_contract import PlantContract


class TestTwinPlant(PlantContract):
    def make_plant(self) -> TwinPlant:
        return TwinPlant(scene='empty')
