"""What the workers on librdkafka share."""
from confluent_kafka import KafkaException


def common(bootstrap):
    # librdkafka 2.16 waits for ever for a coordinator that a rebootstrap took away (its issue 5511).
    return {"bootstrap.servers": bootstrap, "reconnect.backoff.ms": 20, "reconnect.backoff.max.ms": 200, "log_level": 2,
            "metadata.recovery.strategy": "none", "socket.timeout.ms": 4000,
            "socket.connection.setup.timeout.ms": 2000, "topic.metadata.refresh.interval.ms": 5000}


def consumer(bootstrap, group, protocol):
    settings = {**common(bootstrap), "group.id": group, "group.protocol": protocol, "enable.auto.commit": False,
                "enable.auto.offset.store": False, "isolation.level": "read_committed", "auto.offset.reset": "earliest",
                "fetch.wait.max.ms": 200}
    if protocol == "classic":
        settings |= {"session.timeout.ms": 6000, "heartbeat.interval.ms": 500,
                     "partition.assignment.strategy": "range"}
    return settings


def insist(step, stop):
    """Repeats a call as long as the client says that it may be repeated."""
    while True:
        try:
            return step()
        except KafkaException as failure:
            if not failure.args[0].retriable() or stop.is_set():
                raise
