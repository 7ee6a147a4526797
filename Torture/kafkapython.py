"""What the workers on kafka-python share."""
from kafka import KafkaConsumer


def common(bootstrap):
    return {"bootstrap_servers": bootstrap, "reconnect_backoff_ms": 20, "reconnect_backoff_max_ms": 200,
            "retry_backoff_ms": 50, "metadata_max_age_ms": 5000, "bootstrap_timeout_ms": 60000}


def consumer(bootstrap, group):
    return KafkaConsumer(**common(bootstrap), group_id=group, enable_auto_commit=False, auto_offset_reset="earliest",
                         isolation_level="read_committed", session_timeout_ms=6000, heartbeat_interval_ms=500,
                         fetch_max_wait_ms=200, request_timeout_ms=8000, max_poll_records=20)
