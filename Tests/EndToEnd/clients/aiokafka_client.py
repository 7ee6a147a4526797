"""aiokafka: produces idempotently with every codec and in transactions; committed records alone are read, and offsets
committed within a transaction stand or fall with it."""
import asyncio
import sys

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

bootstrap = sys.argv[1]
SOURCE, SINK = TopicPartition("measures", 0), TopicPartition("sums", 0)


def check(condition, message):
    if not condition:
        sys.exit(f"failed: {message}")


async def read(partition, count, isolation="read_committed", **settings):
    """That many records from the partition's beginning, or where its group is."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, isolation_level=isolation, enable_auto_commit=False,
                                auto_offset_reset="earliest", **settings)
    await consumer.start()
    consumer.assign([partition])
    records = [await asyncio.wait_for(consumer.getone(), 30) for _ in range(count)]
    await consumer.stop()
    return [r.value for r in records]


async def committed(group):
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False)
    await consumer.start()
    offset = await consumer.committed(SOURCE)
    await consumer.stop()
    return offset


async def idempotent():
    sent = []
    for codec in (None, "gzip", "snappy", "lz4", "zstd"):
        producer = AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True, compression_type=codec)
        await producer.start()
        values = [b"%s %d" % (str(codec).encode(), i) for i in range(200)]
        waiting = [await producer.send(SOURCE.topic, value=v, partition=0) for v in values]
        offsets = [(await w).offset for w in waiting]
        check(offsets == list(range(len(sent), len(sent) + 200)), f"{codec}: offsets are not consecutive")
        sent += values
        await producer.stop()
    check(await read(SOURCE, len(sent)) == sent, "other records were read than were sent")


async def transactional():
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id="adder", transaction_timeout_ms=30_000)
    await producer.start()
    for round, outcome in enumerate(["commit", "abort", "commit"]):
        await producer.begin_transaction()
        waiting = [await producer.send(SINK.topic, value=b"%s %d" % (outcome.encode(), i), partition=0)
                   for i in range(10 * round, 10 * round + 10)]
        await asyncio.gather(*waiting)
        await producer.send_offsets_to_transaction({SOURCE: 10 * (round + 1)}, "adders")
        await (producer.commit_transaction() if outcome == "commit" else producer.abort_transaction())
        expected = [10, 10, 30][round]
        check(await committed("adders") == expected, f"after {outcome}: {await committed('adders')}, not {expected}")
    kept = [b"commit %d" % i for i in [*range(10), *range(20, 30)]]
    check(await read(SINK, 20) == kept, "what was aborted was read, or what was committed was not")
    check(len(await read(SINK, 30, "read_uncommitted")) == 30, "not all was read uncommitted")
    # A second producer of the same name fences the first.
    other = AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id="adder", transaction_timeout_ms=30_000)
    await other.start()
    try:
        async with producer.transaction():
            await producer.send_and_wait(SINK.topic, value=b"late", partition=0)
        check(False, "the fenced producer was served")
    except Exception as error:
        check("Fenced" in type(error).__name__, f"the fenced producer got {error!r}")
    async with other.transaction():
        await other.send_and_wait(SINK.topic, value=b"last", partition=0)
    check((await read(SINK, 21))[-1] == b"last", "the second producer's record was not read")
    await other.stop()
    await producer.stop()


async def main():
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(SOURCE.topic, 1, 1), NewTopic(SINK.topic, 1, 1)])
    await idempotent()
    await transactional()
    await admin.delete_topics([SOURCE.topic, SINK.topic])
    check(SOURCE.topic not in await admin.list_topics(), "the deleted topic is still listed")
    await admin.close()
    print("ok")


asyncio.run(main())
