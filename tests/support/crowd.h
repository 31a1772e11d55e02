/* crowd - many clients at once, driven by one epoll loop on the test's thread.
 *
 * A talk is what one client says and what it must hear, byte for byte. Each kind of crowd is for
 * a different question:
 *   crowd_connect() ... crowd_end()   all clients are connected first, and stay so between talks
 *   crowd_churn()                     clients come and go, so many of them at once */
#ifndef SUPPORT_CROWD_H
#define SUPPORT_CROWD_H

#include <stddef.h>
#include <stdint.h>

struct talk {
    unsigned char *request; /* malloc'ed by the script, freed by the crowd; may be NULL */
    size_t request_size;
    unsigned char *reply;
    size_t reply_size;
};

/* Fills in what client number index says and must hear. */
typedef void crowd_script(size_t index, struct talk *talk, void *arg);

struct crowd {
    const char *address;
    size_t count;
    struct crowd_member *members;
    size_t busy;    /* members that have something left to do */
    size_t started; /* crowd_gather(), crowd_churn(): clients so far */
    crowd_script *script;
    void *arg;
    int epoll;
};

/* Connects count clients; all are connected, though perhaps not accepted, when it returns. */
void crowd_connect(struct crowd *crowd, const char *address, size_t count);

/* The same for more clients than a backlog holds: each talks as soon as it is connected, and at
 * most at_once of them have not been answered yet. All are connected, accepted and answered when
 * it returns. */
void crowd_gather(struct crowd *crowd, const char *address, size_t count, size_t at_once,
                  crowd_script *script, void *arg);

/* Every client talks, all at once. */
void crowd_talk(struct crowd *crowd, crowd_script *script, void *arg);

/* Every client talks, ends its side behind its last byte, and must hear the end of input behind
 * the reply; then it is closed. Servers that serve one client at a time can be asked this. */
void crowd_talk_and_leave(struct crowd *crowd, crowd_script *script, void *arg);

/* Every client ends its side, must hear the end of input and nothing else, and is closed. */
void crowd_leave(struct crowd *crowd);

/* The descriptor of a client that is still connected. */
int crowd_client(const struct crowd *crowd, size_t index);

/* Frees the crowd; clients still connected are closed. */
void crowd_end(struct crowd *crowd);

/* total clients, at most at_once of them at a time: each connects, talks, ends its side, must hear
 * the end of input behind the reply, and is closed. */
void crowd_churn(const char *address, size_t total, size_t at_once, crowd_script *script,
                 void *arg);

/* A script: each client sends size bytes (arg: size_t *, at least 32) that name it and hears the
 * same. */
void crowd_echo_script(size_t index, struct talk *talk, void *arg);

#endif
