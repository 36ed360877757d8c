"""How well visitors stand for people: who was split, who was melted together, who is nobody, who was missed."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment


@dataclass(frozen=True)
class VisitorScores:
    """Visitors against people; sums of clips are scores too.

    visitors = people − missed + splits − merges + ghosts, always.

    Attributes:
        people: In the truth, long enough to count.
        visitors: Counted.
        splits: Visitors too many for people who are several.
        merges: People too many in visitors who are several.
        ghosts: Visitors who are nobody for long enough.
        missed: People whom no visitor stands for.
        count_errors: Sum over clips of |visitors − people|.
        right_boxes: Boxes under the one visitor that stands for their person (identity true positives).
        named_boxes: Boxes of anybody true that have a visitor.
        true_boxes: Of the people counted.
    """

    people: int = 0
    visitors: int = 0
    splits: int = 0
    merges: int = 0
    ghosts: int = 0
    missed: int = 0
    count_errors: int = 0
    right_boxes: int = 0
    named_boxes: int = 0
    true_boxes: int = 0

    def __add__(self, other: "VisitorScores") -> "VisitorScores":
        return VisitorScores(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))

    @property
    def signed_error(self) -> float:
        """(visitors − people) / people."""
        return (self.visitors - self.people) / max(self.people, 1)

    @property
    def count_error(self) -> float:
        """Clips' absolute errors / people: too many here don't make up for too few there."""
        return self.count_errors / max(self.people, 1)

    @property
    def id_f1(self) -> float:
        """2 right boxes / (true boxes + named boxes), after Ristani et al. 2016, over the boxes that found anybody."""
        return 2 * self.right_boxes / max(self.true_boxes + self.named_boxes, 1)


def score_visitors(
    shared: Mapping[tuple[str, int], int], true_boxes: Mapping[str, int], visitors: int, *, least_boxes: int
) -> VisitorScores:
    """Scores one clip.

    Args:
        shared: (person, visitor) → boxes of that visitor that lie on that person; visitors are 1 … `visitors`.
        true_boxes: Person → boxes in view.
        visitors: How many were counted.
        least_boxes: People with fewer boxes are nobody to count, and who shares fewer with a visitor isn't that one.
    """
    people = {name for name, boxes in true_boxes.items() if boxes >= least_boxes}
    pairs = [pair for pair, boxes in shared.items() if boxes >= least_boxes and pair[0] in people]
    of_person, of_visitor = Counter(name for name, _ in pairs), Counter(visitor for _, visitor in pairs)
    names, numbers = sorted({name for name, _ in shared}), sorted({visitor for _, visitor in shared})
    boxes = np.array([[shared.get((name, number), 0) for number in numbers] for name in names])
    boxes = boxes.reshape(len(names), len(numbers))
    return VisitorScores(
        people=len(people),
        visitors=visitors,
        splits=sum(count - 1 for count in of_person.values()),
        merges=sum(count - 1 for count in of_visitor.values()),
        ghosts=visitors - len(of_visitor),
        missed=len(people) - len(of_person),
        count_errors=abs(visitors - len(people)),
        right_boxes=int(boxes[linear_sum_assignment(boxes, maximize=True)].sum()),
        named_boxes=int(boxes.sum()),
        true_boxes=sum(true_boxes[name] for name in people),
    )
