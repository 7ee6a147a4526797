"""All rows of the table, in its order."""
from rows import compaction, consume, groups, latency, memory, partitions, produce, start, transactions

ALL = (*produce.ROWS, *consume.ROWS, *latency.ROWS, *start.ROWS, *memory.ROWS, *partitions.ROWS, *groups.ROWS,
       *transactions.ROWS, *compaction.ROWS)
