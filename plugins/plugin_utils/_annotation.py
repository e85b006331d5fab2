# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""What Grafana is told of a load run."""

from __future__ import annotations

from typing import Any, Dict, Optional, Sequence
from urllib.parse import quote

from ..module_utils._grafana.client import Grafana, GrafanaError


class AnnotatedGrafana(Grafana):
    """A Grafana that takes annotations (https://grafana.com/docs/grafana/latest/developers/http_api/annotations/)."""

    def annotate(self, uid: Optional[str], started: float, ended: float, text: str, tags: Sequence[str]) -> None:
        """Put an annotation over a time, in seconds since the epoch, on a dashboard or, with no `uid`, on all."""
        body: Dict[str, Any] = {"time": round(started * 1000), "timeEnd": round(ended * 1000), "text": text}
        body["tags"] = list(tags)
        if uid is not None:
            body.update(self._place(uid))
        self._call("POST", "/api/annotations", body)

    def _place(self, uid: str) -> Dict[str, Any]:
        # Where a version does not know one of these, it ignores it and makes the annotation everybody's.
        if self.server().dialect.annotation_by_uid:
            return {"dashboardUID": uid}
        stored = self.dashboard(uid)
        if stored is None:
            raise GrafanaError(f"{self.url} has no dashboard {uid}: check grafana_dashboard_uid")
        return {"dashboardId": stored.model["id"]}


def dashboard_url(grafana_url: str, uid: str, started: float, ended: float) -> str:
    """Return the dashboard's address at the time of a run, with a few seconds around it."""
    margin = 5
    since, until = round((started - margin) * 1000), round((ended + margin) * 1000)
    return f"{grafana_url.rstrip('/')}/d/{quote(uid, safe='')}?from={since}&to={until}"
