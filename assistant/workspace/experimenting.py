"""The part of the workspace that plans experiments and reads them out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from assistant.results import Result
from assistant.workspace.part import Part

if TYPE_CHECKING:
    from pathlib import Path

    from assistant.campaigns.draft import Rooms
    from assistant.data.experiment_tables import ExperimentTable
    from assistant.data.warehouse import Snapshot
    from assistant.plans.experiments import ExperimentRequest, ExperimentSizeRequest


class Experimenting(Part):
    """Methods of :class:`~assistant.workspace.Workspace`, which gives the rest."""

    _campaign_rooms: Callable[[], Rooms]

    @property
    def experiments_dir(self) -> Path:
        """Where tables of experiments are kept."""
        return self.settings.home / "experiments"

    def size_experiment(self, request: ExperimentSizeRequest) -> Result:
        """How large a control group must be, how long a test must run, what it can show."""
        from assistant.campaigns.experiment.size_report import size_result

        return size_result(self.snapshot, request, self._campaign_rooms())

    def add_experiment(
        self, path: Path, name: str | None = None, arm: str | None = None, control: str | None = None,
        outcomes: Sequence[str] = (), random: bool = True,
    ) -> ExperimentTable:
        """Keep a table of an experiment; see :mod:`assistant.data.experiment_tables`."""
        from assistant.data.experiment_tables import add_experiment

        return add_experiment(path, self.experiments_dir, name, arm, control, outcomes, random)

    def load_experiment(self, path: Path, arm: str, outcomes: Sequence[str], *, random: bool = True) -> str:
        """The same for an uploaded file whose columns were confirmed; returns the name it is asked for by."""
        return self.add_experiment(path, None, arm, None, outcomes, random).name

    def read_experiment(self, request: ExperimentRequest) -> Result:
        """What an experiment of one's own campaigns, or of an added table, showed; the latest where none is named."""
        from assistant.campaigns.experiment.own import own_runs
        from assistant.campaigns.experiment.own_report import own_read_out
        from assistant.campaigns.experiment.table_report import table_read_out
        from assistant.data.experiment_tables import experiments

        settings = self.settings
        named = request.table is not None or request.about == "tables"
        own = request.campaign_id is not None or request.about in {"look", "learnt"}
        if not named and not own:
            tables = experiments(self.experiments_dir)
            own = bool(own_runs(settings.home, settings.app_db)) or not tables
        if own and not named:
            return own_read_out(self.snapshot, request, settings.home, settings.app_db)
        return table_read_out(self.experiments_dir, request)

    def learnt(self, snapshot: Snapshot) -> Snapshot:
        """The snapshot with one's own finished experiments among its past campaigns."""
        from assistant.campaigns.experiment.own import learnt

        return learnt(snapshot, self.settings.home, self.settings.app_db)
