"""aiokafka in a group: joins, rebalances, commits; after the server was killed, goes on where it had committed. In the
phase "through" its members and its producer live on while the server is killed and comes back."""
import asyncio
import sys
import time

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

bootstrap, phase = sys.argv[1:]
GROUP, TOPIC, COUNT = "async-workers", "async-tasks", 400
PARTITIONS = [TopicPartition(TOPIC, p) for p in range(4)]


def check(condition, message):
    if not condition:
        sys.exit(f"failed: {message}")


async def member(name):
    consumer = AIOKafkaConsumer(TOPIC, bootstrap_servers=bootstrap, group_id=GROUP, client_id=name,
                                enable_auto_commit=False, auto_offset_reset="earliest", session_timeout_ms=10_000,
                                heartbeat_interval_ms=500)
    await consumer.start()
    return consumer


async def poll(m, seen):
    """Reads a little and commits it: what a rebalance hands over is then never read twice."""
    for partition, records in (await m.getmany(timeout_ms=100, max_records=20)).items():
        seen += [(r.partition, r.offset) for r in records]
        await m.commit({partition: records[-1].offset + 1})


async def share(members, sizes):
    """Waits until the members hold that many partitions; joining needs no polling with this client."""
    end = time.monotonic() + 60
    while sorted(len(m.assignment()) for m in members) != sorted(sizes):
        check(time.monotonic() < end, f"partitions are {[len(m.assignment()) for m in members]}, not {sizes}")
        await asyncio.sleep(0.02)


async def read(members, seen, count):
    end = time.monotonic() + 60
    while len(seen) < count:
        check(time.monotonic() < end, f"{len(seen)} of {count} records after a minute")
        for m in members:
            await poll(m, seen)
    check(len(set(seen)) == len(seen), "a record was read twice")


async def committed(m):
    return sum([await m.committed(p) or 0 for p in PARTITIONS])


async def make_topic():
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(TOPIC, 4, 1)])
    await admin.close()


async def started_producer():
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True)
    await producer.start()
    return producer


async def send(producer, numbers):
    for waiting in [await producer.send(TOPIC, value=b"%d" % i, partition=i % 4) for i in numbers]:
        await waiting


async def before():
    await make_topic()
    producer = await started_producer()
    await send(producer, range(COUNT))
    await producer.stop()
    seen = []
    first = await member("first")
    await share([first], [4])
    await read([first], seen, COUNT // 4)
    second = await member("second")
    await share([first, second], [2, 2])
    check(not first.assignment() & second.assignment(), "both members hold a partition")
    await read([first, second], seen, COUNT // 2)
    await second.stop()
    await share([first], [4])
    total = await committed(first)
    check(total == len(seen), f"{total} committed, {len(seen)} read")
    print(total)
    await first.stop()


async def after():
    total, seen = int(phase), []
    third = await member("third")
    await share([third], [4])
    check(await committed(third) == total, f"{await committed(third)} committed after the restart, {total} before")
    await read([third], seen, COUNT - total)
    check(await committed(third) == COUNT, "not all was committed in the end")
    await third.stop()
    print("ok")


async def through():
    await make_topic()
    producer, seen = await started_producer(), []
    members = [await member("first"), await member("second")]
    await share(members, [2, 2])
    await send(producer, range(COUNT // 2))
    await read(members, seen, COUNT // 2)
    print("halfway", flush=True)
    await asyncio.to_thread(sys.stdin.readline)  # comes when the server was killed
    await asyncio.gather(send(producer, range(COUNT // 2, COUNT)), read(members, seen, COUNT))
    check(await committed(members[0]) == COUNT, "not all was committed in the end")
    for started in [producer, *members]:
        await started.stop()
    print("ok")


asyncio.run({"before": before, "through": through}.get(phase, after)())
