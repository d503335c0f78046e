"""How often each model was right at each task, as far as feedback tells, old news counting less."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf


@dataclass(slots=True)
class SuccessCell:
    """Answers heard of, and how many of them were right, both discounted."""

    count: float = 0.0
    right: float = 0.0

    @property
    def mean(self) -> float:
        """Share of right answers; `nan` of none."""
        return self.right / self.count if self.count else float("nan")


class SuccessCells:
    """A cell for each task and model.

    With each feedback on a task, all of the task's cells are first multiplied by `gamma`, as discounted
    bandits do (Garivier and Moulines, "On upper-confidence bound policies for switching bandit problems",
    ALT 2011); a cell that would hold more than `cap` answers is scaled down to them.
    """

    def __init__(self, gamma: float = 1.0, cap: float = inf) -> None:
        """Has heard of nothing; `gamma` above 0 up to 1."""
        self._gamma, self._cap = gamma, cap
        self._tasks: dict[str, dict[str, SuccessCell]] = {}

    def of(self, task: str, model: str) -> SuccessCell:
        """The cell of a model at a task."""
        cells = self._tasks.setdefault(task, {})
        cell = cells.get(model)
        if cell is None:
            cell = cells[model] = SuccessCell()
        return cell

    def total(self, task: str) -> float:
        """Discounted answers heard of at a task, of all models."""
        return sum(cell.count for cell in self._tasks.get(task, {}).values())

    def learn(self, task: str, model: str, reward: float) -> None:
        """Takes note of an answer."""
        learnt = self.of(task, model)
        for cell in self._tasks[task].values():
            cell.count *= self._gamma
            cell.right *= self._gamma
        learnt.count, learnt.right = learnt.count + 1.0, learnt.right + reward
        if learnt.count > self._cap:
            learnt.count, learnt.right = self._cap, learnt.right * self._cap / learnt.count
