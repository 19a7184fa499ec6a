"""The Prometheus metrics of a process. Heartbeat and readiness checks set them."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

_DURATION_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """The metric families of one process; those that do not apply to its role stay empty."""

    def __init__(self, process: str) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._add_info(process)
        self._add_counters()
        self._add_gauges()

    def _add_info(self, process: str) -> None:
        info = self._gauge("staffel_process", "Always 1; which kind of process this is", "process")
        info.labels(process).set(1)

    def _add_counters(self) -> None:
        self.records = Counter("staffel_records", "Records moved", ["step"], registry=self.registry)
        self.unit_seconds = Histogram(
            "staffel_unit_seconds",
            "Time of a unit of work",
            ["step"],
            registry=self.registry,
            buckets=_DURATION_BUCKETS,
        )
        self.interruptions = Counter("staffel_troubles", "Times that an error blocked work", registry=self.registry)

    def _add_gauges(self) -> None:
        gauge = self._gauge
        self.step_age = gauge("staffel_step_age_seconds", "Since the last heartbeat of the loop")
        self.ready = gauge("staffel_ready", "1 if the check passes", "check")
        self.lag = gauge("staffel_lag_records", "Records that a stage has yet to process", "stage", "partition")
        self.dead_letters = gauge("staffel_dead_letters", "Records in dead-letters", "partition")
        self.recovery_read = gauge("staffel_recovery_records", "Records that recoveries have read")
        self.recovery_left = gauge("staffel_recovery_left_records", "Records that the current recovery has yet to read")
        self.recovery_seconds = gauge("staffel_recovery_seconds", "Time that recoveries have taken")
        self.partitions = gauge("staffel_partitions", "Partitions that this process has")
        self.outbox_waiting = gauge("staffel_outbox_waiting", "Rows that wait to be published")
        self.outbox_age = gauge("staffel_outbox_age_seconds", "Age of the event of the oldest waiting row")
        self.moves_open = gauge("staffel_moves_open", "Released accounts whose facts wait to be moved")
        self.stopped = gauge("staffel_stopped", "1 where a step cannot go on", "step", "place", "code")
        self.stale_accounts = gauge("staffel_stale_accounts", "Accounts that the projector has set aside")
        self.alerts_pending = gauge("staffel_alerts_pending", "Alerts that wait to be delivered")

    def _gauge(self, name: str, documentation: str, *labels: str) -> Gauge:
        return Gauge(name, documentation, labels, registry=self.registry)
