"""The server of the socket tutorials: one client at a time, 16 bytes at a time. Prints its port, then serves."""
import socket

with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
    s.bind(("localhost", 0))
    s.listen(1)
    print(s.getsockname()[1], flush=True)
    while True:
        connection, address = s.accept()
        with connection:
            while True:
                try:
                    data = connection.recv(16)
                except OSError:
                    break
                if not data:
                    break
                connection.sendall(data)
