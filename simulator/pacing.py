"""Pacing: the first sends of a template go out, the rest is held until its quality is known.

Meta's threshold is not public, so the switch `pacing_first` is one; it holds for every template but those
for passwords, until the template was assessed. The verdict is ordered by the control API.
"""

from simulator.runtime import Simulator
from simulator.shelf import Template
from simulator.state import Message

GOES, HELD = "accepted", "held_for_quality_assessment"


def pace(sim: Simulator, template: Template) -> str:
    """The `message_status` of one more send, or "" for a template that is not under pacing."""
    first = sim.switches.pacing_first
    if not first or template.assessed or template.category == "AUTHENTICATION":
        return ""
    template.paced += 1
    return GOES if template.paced <= first else HELD


def hold(sim: Simulator, template: Template, message: Message) -> None:
    """Keep an accepted message until the verdict."""
    sim.held.setdefault(template.template_id, []).append(message)


def take_held(sim: Simulator, template: Template) -> list[Message]:
    """Everything that waits for this template's verdict, which is now known."""
    return sim.held.pop(template.template_id, [])
