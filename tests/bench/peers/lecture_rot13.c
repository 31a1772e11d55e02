/* lecture_rot13.c PORT - rot13 of lines, a child process for each connection: a peer for
 * ci/bench-peers.
 *
 * Stands for a lecture's rot13 server, which receives one byte at a time and answers when a line
 * has ended. As there, what is longer than its buffer is lost, and what has no line end gets no
 * answer. */
#include "forking.h"

enum { LINE_SIZE = 4097 };

static char rotated(char c)
{
    if ((c >= 'a' && c <= 'm') || (c >= 'A' && c <= 'M'))
        return (char)(c + 13);
    if ((c >= 'n' && c <= 'z') || (c >= 'N' && c <= 'Z'))
        return (char)(c - 13);
    return c;
}

static void serve(int fd)
{
    char line[LINE_SIZE];
    size_t length = 0;
    char c;
    while (recv(fd, &c, 1, 0) > 0) {
        if (length < sizeof line)
            line[length++] = rotated(c);
        if (c == '\n') {
            send(fd, line, length, MSG_NOSIGNAL);
            length = 0;
        }
    }
}

int main(int argc, char *argv[])
{
    fork_for_each(address_of(argc, argv), serve);
}
