"""client.py PORT SOCKET SAID HEARD: says a file to the service rot13 with Python's socket module,
over IPv4, IPv6 where there is one, and the Unix socket, and writes what it hears to another file.
Sends and receives at the same time, as a client of a long stream must."""

import socket
import sys
import threading


def say(connection, data):
    connection.sendall(data)
    connection.shutdown(socket.SHUT_WR)


def converse(connection, data):
    with connection, connection.makefile("rb") as replies:
        sender = threading.Thread(target=say, args=(connection, data))
        sender.start()
        heard = replies.read()
        sender.join()
    return heard


def connect_unix(path):
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    return connection


def main():
    port, path, said, heard = int(sys.argv[1]), *sys.argv[2:5]
    with open(said, "rb") as file:
        data = file.read()
    # Lines only, many times over, so that no buffer holds it all.
    data_of_many = data[: data.rindex(b"\n") + 1] * 20 + data
    first = converse(socket.create_connection(("127.0.0.1", port)), data)
    with open(heard, "wb") as file:
        file.write(first)
    if converse(connect_unix(path), data) != first:
        sys.exit("another answer over the Unix socket")
    try:
        over_v6 = converse(socket.create_connection(("::1", port)), data)
    except OSError as error:
        print("no IPv6 here:", error)
    else:
        if over_v6 != first:
            sys.exit("another answer over IPv6")
    many = converse(socket.create_connection(("127.0.0.1", port)), data_of_many)
    if many != first[: first.rindex(b"\n") + 1] * 20 + first:
        sys.exit("another answer to a long stream")


main()
