"""A bad network in one network namespace.

Makes a tunnel device with the address 10.9.0.1. What is sent to 10.9.0.2 comes back to 10.9.0.1 as if it came from 10.9.0.2,
late, lost, twice, or after others. So a client that connects to 10.9.0.2 reaches a server that listens on 10.9.0.1, through
the device both ways. To swap the two addresses of a packet leaves its checksums as they are.

Arguments: seed, loss, duplicate, reorder (percent each), delay (milliseconds), MTU.
"""
import fcntl
import heapq
import os
import random
import select
import struct
import subprocess
import sys
import time

NAME = "vecho0"
TUNSETIFF = 0x400454CA
IFF_TUN = 0x0001
IFF_NO_PI = 0x1000
MOST_WAITING = 2000

seed, loss, duplicate, reorder, delay, mtu = sys.argv[1:]
chance = random.Random(int(seed))
loss, duplicate, reorder = (float(percent) / 100 for percent in (loss, duplicate, reorder))
delay = float(delay) / 1000

tunnel = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
fcntl.ioctl(tunnel, TUNSETIFF, struct.pack("16sH", NAME.encode(), IFF_TUN | IFF_NO_PI))
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
subprocess.run(["ip", "address", "add", "10.9.0.1/24", "dev", NAME], check=True)
subprocess.run(["ip", "link", "set", NAME, "up", "mtu", mtu], check=True)
print("ready", flush=True)

waiting = []
count = 0


def accept(packet):
    global count
    if len(packet) < 20 or packet[0] >> 4 != 4 or chance.random() < loss or len(waiting) >= MOST_WAITING:
        return
    packet = packet[:12] + packet[16:20] + packet[12:16] + packet[20:]
    for copy in range(2 if chance.random() < duplicate else 1):
        late = delay + (chance.random() * (delay + 0.005) if chance.random() < reorder else 0)
        count += 1
        heapq.heappush(waiting, (time.monotonic() + late, count, packet))


while True:
    now = time.monotonic()
    while waiting and waiting[0][0] <= now:
        try:
            os.write(tunnel, heapq.heappop(waiting)[2])
        except OSError:
            pass
    if select.select([tunnel], [], [], max(0, waiting[0][0] - now) if waiting else None)[0]:
        try:
            for _ in range(64):
                accept(os.read(tunnel, 65536))
        except BlockingIOError:
            pass
