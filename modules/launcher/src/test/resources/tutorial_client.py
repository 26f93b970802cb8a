"""The client of the socket tutorials: sends one message and reads the answer 16 bytes at a time."""
import socket
import sys

with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
    s.connect(("localhost", int(sys.argv[1])))
    message = b"This is the message.  It will be repeated."
    s.sendall(message)
    answer = b""
    while len(answer) < len(message):
        data = s.recv(16)
        if not data:
            sys.exit("the connection ended after " + str(len(answer)) + " bytes")
        answer += data
        print("received {!r}".format(data))
sys.exit(0 if answer == message else "the answer differs")
