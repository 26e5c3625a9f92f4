"""The experiment a campaign is born with: control group, sealed assignment, read-out rule, and what came of it."""

from assistant.campaigns.experiment.assignment import Split, assign
from assistant.campaigns.experiment.past import PastLift, past_lift
from assistant.campaigns.experiment.rule import LEVEL_PERCENT, POWER_PERCENT, RESPONSE_DAYS
from assistant.campaigns.experiment.size import minimum_detectable_lift

__all__ = ["LEVEL_PERCENT", "POWER_PERCENT", "RESPONSE_DAYS", "PastLift", "Split", "assign",
           "minimum_detectable_lift", "past_lift"]
