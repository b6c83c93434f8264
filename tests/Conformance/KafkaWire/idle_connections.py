"""Holds connections to a Kafka broker: PORT COUNT. Every second one asks ApiVersions once. Prints "held" when all are open and answered, and
keeps them until its standard input ends."""
import resource
import socket
import struct
import sys

port, count = int(sys.argv[1]), int(sys.argv[2])
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def take(held, size):
    data = b""
    while len(data) < size:
        part = held.recv(size - len(data))
        if not part:
            raise EOFError("the broker ended a connection")
        data += part
    return data


connections = []
for number in range(count):
    held = socket.create_connection(("127.0.0.1", port))
    connections.append(held)
    if number % 2 == 1:
        # Size, API 18, version 0, correlation id, no client id.
        held.sendall(struct.pack(">ihhih", 10, 18, 0, number, -1))
        answer = take(held, struct.unpack(">i", take(held, 4))[0])
        assert struct.unpack(">i", answer[:4])[0] == number

print("held", flush=True)
sys.stdin.read()
for number, held in enumerate(connections):
    held.setblocking(False)
    try:
        assert held.recv(1) != b"", f"the broker ended connection {number}"
    except BlockingIOError:
        pass
print("alive", flush=True)
