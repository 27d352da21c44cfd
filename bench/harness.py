"""Pairs a value with its baseline, interleaved A B A B, and prints the median of the per-pair ratios."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median

PAIRS = int(os.environ.get("PAIRS", "5"))


@dataclass
class Report:
    """What all benchmarks of a run printed, and which of them missed what they must reach."""

    missed: list[str] = field(default_factory=list)

    def pairs(
        self,
        name: str,
        unit: str,
        value: Callable[[], float],
        baseline: Callable[[], float],
        *,
        at_least: float | None = None,
        at_most: float | None = None,
        pairs: int = PAIRS,
    ) -> None:
        """Measures both, in turn, and prints `name value unit | baseline | ratio median [min max]`."""
        values, baselines, ratios = [], [], []
        for _ in range(pairs):
            baselines.append(baseline())
            values.append(value())
            ratios.append(values[-1] / baselines[-1])
        middle = median(ratios)
        goal, met = "", True
        if at_least is not None:
            goal, met = f"reach {at_least:g}", middle >= at_least
        if at_most is not None:
            goal, met = f"at most {at_most:g}", middle <= at_most
        print(
            f"{name} {median(values):.4g} {unit} | {median(baselines):.4g} | ratio {middle:.3f}"
            f" [{min(ratios):.3f} {max(ratios):.3f}]  ({goal}: {'ok' if met else 'MISSED'})",
            flush=True,
        )
        if not met:
            self.missed.append(name)

    def claim(self, name: str, holds: bool, words: str) -> None:
        """A fact that must hold beside the ratios: no row lost, no p99 above its bound."""
        print(f"{name} {'ok' if holds else 'MISSED'}: {words}", flush=True)
        if not holds:
            self.missed.append(name)
