"""Who stands at which browsing spot, so that two people do not want the same."""

import math

from dongsun.twin.crowd.floor import Spot
from dongsun.twin.crowd.ground import Ground

APART_M = 0.7


class SpotBoard:
    """The store's browsing spots, and who has taken which.

    Args:
        spots: All of them; `Spot.index` is the place in this list.
    """

    def __init__(self, spots: list[Spot]) -> None:
        self._spots = spots
        self._taken: dict[int, Spot] = {}
        self._near = [sorted(spots, key=lambda s: (math.dist(s.at, spot.at), s.index))[:24] for spot in spots]

    def take(self, wanted: Spot, ground: Ground, person_id: int) -> Spot:
        """Takes the free spot nearest to the wanted one; the wanted one itself where all near it are taken.

        A place that is no browsing spot (`index` −1) is granted as it is.
        """
        self.give_back(person_id)
        if wanted.index < 0:
            return wanted
        for spot in self._near[wanted.index]:
            if all(math.dist(spot.at, taken.at) > APART_M for taken in self._taken.values()) and ground.is_free(
                spot.at
            ):
                self._taken[person_id] = spot
                return spot
        return wanted

    def give_back(self, person_id: int) -> None:
        """Frees what a person had taken."""
        self._taken.pop(person_id, None)
