"""volatile_disk FOLDER MEBIBYTES: a disk with a volatile write cache, as one file that a loop device can stand on.

The file FOLDER/mount/disk is served over FUSE. A write goes into the cache; a flush of the loop device (its fsync) makes
all that was written before it durable, and nothing else does. So this program knows what a power cut may leave: every
durable byte, and of the writes behind the last flush any subset, in any order, each sector of 512 bytes whole or not at
all. Commands come on standard input, answers leave on standard output:

  cut PATH SEED   leaves at PATH the image of a disk whose power is cut a few writes from now, or after a second without
                  any; SEED decides how many, and what became of the writes that were not flushed then. Answers
                  "cut WRITES BYTES KEPT TORN". While the image is made no write and no flush is answered: it is one
                  moment's.
  sum             answers "sum WRITES FLUSHES MEBIBYTES" since the start.

It ends when standard input does. Pages that the file system above holds and has not written never come here: they are in
no image, as they would be in none after a power cut.
"""
import ctypes
import errno
import os
import random
import select
import stat
import struct
import subprocess
import sys

LOOKUP, FORGET, GETATTR, SETATTR, OPEN, READ, WRITE, STATFS, RELEASE = 1, 2, 3, 4, 14, 15, 16, 17, 18
FSYNC, FLUSH, INIT, OPENDIR, READDIR, RELEASEDIR, INTERRUPT, DESTROY, BATCH_FORGET = 20, 25, 26, 27, 28, 29, 36, 38, 42
SILENT = {FORGET, INTERRUPT, BATCH_FORGET}
SECTOR, LARGEST_WRITE = 512, 1 << 20
ROOT, DISK = 1, 2


class VolatileDisk:
    """What is durable, what is cached, and images of cuts."""

    def __init__(self, folder, size):
        self.size, self.folder = size, folder
        self.durable = os.open(f"{folder}/durable", os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        self.current = os.open(f"{folder}/current", os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        for file in (self.durable, self.current):
            os.ftruncate(file, size)
        self.cached = []
        self.writes, self.flushes, self.bytes = 0, 0, 0
        # The cut that was asked for: path, chances, how many more writes it lets pass.
        self.ordered = None

    def order(self, path, seed):
        chance = random.Random(seed)
        self.ordered = (path, chance, self.writes + chance.randint(1, 40))

    def cut_when_due(self, waits):
        """The outcome of the cut that was asked for, once its moment has come; None before."""
        if self.ordered is None or waits and self.writes < self.ordered[2]:
            return None
        path, chance, _ = self.ordered
        self.ordered = None
        return self.cut(path, chance)

    def read(self, offset, count):
        return os.pread(self.current, count, offset)

    def write(self, offset, data):
        os.pwrite(self.current, data, offset)
        self.cached.append((offset, bytes(data)))
        self.writes, self.bytes = self.writes + 1, self.bytes + len(data)

    def flush(self):
        for offset, data in self.cached:
            os.pwrite(self.durable, data, offset)
        self.cached, self.flushes = [], self.flushes + 1

    def cut(self, path, chance):
        """Nothing of the cache, all of it, its beginning, or any sectors of any writes: a quarter of the seeds each."""
        subprocess.run(["cp", "--sparse=auto", f"{self.folder}/durable", path], check=True)
        fate = chance.choice(("nothing", "all", "beginning", "sectors"))
        kept, torn = 0, 0
        image = os.open(path, os.O_RDWR)
        beginning = chance.randint(0, len(self.cached))
        for place, (offset, data) in enumerate(self.cached):
            if fate == "nothing" or fate == "beginning" and place >= beginning:
                continue
            if fate != "sectors":
                os.pwrite(image, data, offset)
                kept += 1
                continue
            sectors = range(0, len(data), SECTOR)
            some = [at for at in sectors if chance.random() < 0.5]
            for at in some:
                os.pwrite(image, data[at:at + SECTOR], offset + at)
            kept += len(some) == len(sectors)
            torn += 0 < len(some) < len(sectors)
        os.close(image)
        return f"cut {len(self.cached)} {sum(len(data) for _, data in self.cached)} {kept} {torn}"


class Served:
    """The disk as the one file of a FUSE file system."""

    def __init__(self, disk, mount):
        self.disk = disk
        self.device = os.open("/dev/fuse", os.O_RDWR)
        options = f"fd={self.device},rootmode=40000,user_id=0,group_id=0"
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.mount(b"volatile-disk", mount.encode(), b"fuse", 2 | 4, options.encode()) != 0:
            raise OSError(ctypes.get_errno(), "mount of FUSE")

    def attributes(self, node):
        mode, size = (stat.S_IFDIR | 0o700, 0) if node == ROOT else (stat.S_IFREG | 0o600, self.disk.size)
        return struct.pack("<6Q10I", node, size, size // 512, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)

    def answer(self, operation, node, body):
        """The body of the answer, or a number for the error."""
        if operation == INIT:
            return struct.pack("<4I2H2I2H8I", 7, 31, 0, 1 | 1 << 5 | 1 << 22, 64, 48, LARGEST_WRITE, 1,
                               LARGEST_WRITE // 4096, 0, *[0] * 8)
        if operation == LOOKUP:
            if node != ROOT or body != b"disk\0":
                return errno.ENOENT
            return struct.pack("<4Q2I", DISK, 0, 3600, 3600, 0, 0) + self.attributes(DISK)
        if operation in (GETATTR, SETATTR):
            return struct.pack("<Q2I", 3600, 0, 0) + self.attributes(node)
        if operation in (OPEN, OPENDIR):
            # Direct: the kernel keeps no pages of this file, each call of the loop device comes here.
            return struct.pack("<Q2I", 0, 1 if operation == OPEN else 0, 0)
        if operation == READ:
            _, offset, count = struct.unpack_from("<QQI", body)
            return self.disk.read(offset, count)
        if operation == WRITE:
            _, offset, count = struct.unpack_from("<QQI", body)
            self.disk.write(offset, body[40:40 + count])
            return struct.pack("<2I", count, 0)
        if operation == FSYNC:
            self.disk.flush()
            return b""
        if operation == STATFS:
            return struct.pack("<5Q4I6I", 0, 0, 0, 0, 0, 4096, 255, 4096, 0, *[0] * 6)
        if operation in (FLUSH, RELEASE, RELEASEDIR, READDIR, DESTROY):
            return b""
        return errno.ENOSYS

    def serve_one(self):
        """Answers one request; false when the file system is no longer mounted."""
        try:
            request = os.read(self.device, LARGEST_WRITE + 4096)
        except OSError as error:
            if error.errno in (errno.EINTR, errno.ENOENT):
                return True
            return False
        _, operation, unique, node = struct.unpack_from("<2I2Q", request)
        if operation in SILENT:
            return True
        body = self.answer(operation, node, memoryview(request)[40:])
        error, body = (-body, b"") if isinstance(body, int) else (0, body)
        os.write(self.device, struct.pack("<IiQ", 16 + len(body), error, unique) + body)
        return True


folder, mebibytes = sys.argv[1], int(sys.argv[2])
os.makedirs(f"{folder}/mount", exist_ok=True)
disk = VolatileDisk(folder, mebibytes << 20)
served = Served(disk, f"{folder}/mount")
print("ready", flush=True)
typed = b""
while True:
    ready, _, _ = select.select([served.device, 0], [], [], 1)
    if served.device in ready and not served.serve_one():
        break
    outcome = disk.cut_when_due(waits=bool(ready))
    if outcome is not None:
        print(outcome, flush=True)
    if 0 not in ready:
        continue
    some = os.read(0, 4096)
    if not some:
        break
    *lines, typed = (typed + some).split(b"\n")
    for line in lines:
        command, *arguments = line.decode().split()
        if command == "cut":
            disk.order(arguments[0], int(arguments[1]))
        else:
            print("sum", disk.writes, disk.flushes, disk.bytes >> 20, flush=True)
