/* texts_fork.c PORT - echo, a child process for each connection: a peer for ci/bench-peers.
 *
 * Stands for the fork server of the teaching texts, mended just enough to run: it reaps its
 * children. ci/bench-peers links it statically too, which makes a process cheaper to copy. */
#include "forking.h"

enum { BUFFER_SIZE = 1024 };

static void serve(int fd)
{
    char buffer[BUFFER_SIZE];
    ssize_t size;
    while ((size = read(fd, buffer, sizeof buffer)) > 0)
        if (write(fd, buffer, (size_t)size) != size)
            break;
}

int main(int argc, char *argv[])
{
    fork_for_each(address_of(argc, argv), serve);
}
