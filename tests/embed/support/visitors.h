/* visitors - clients that come and go, many at once, on the calling thread.
 *
 * Each visitor connects, says what it has to say, ends its side, hears the answer up to the end of
 * input, and is checked byte for byte. When no visitor gets on for a long time, the program fails
 * and says of each which one it is and how far it has come. */
#ifndef SUPPORT_VISITORS_H
#define SUPPORT_VISITORS_H

#include <stdbool.h>
#include <stddef.h>

enum { VISIT_SIZE = 1024 };

/* What one visitor says, to whom, and what it must hear. */
struct visit {
    const char *address; /* "127.0.0.1:43211", "unix:/path" */
    int fd;              /* where not -1: a connection instead of an address */
    char say[VISIT_SIZE];
    size_t say_size;
    char hear[VISIT_SIZE];
    size_t hear_size;
};

/* Fills in visit number index. false: there is nobody to visit any more. */
typedef bool visit_script(size_t index, struct visit *visit, void *arg);

struct visitors {
    size_t count;   /* at most so many in all */
    size_t at_once; /* and so many at a time */
    visit_script *script;
    void *arg;
    bool may_be_cut;     /* the server stops meanwhile: an answer may end early (but holds no wrong
                            byte), and a refused visitor is the last one */
    void (*stuck)(void); /* NULL, or called before the program fails for want of progress */
};

struct tally {
    size_t served;  /* heard all */
    size_t cut;     /* heard less, or none */
    size_t refused; /* were not let in */
};

/* Sends them all, and returns when the last has left. */
struct tally visitors_send(const struct visitors *visitors);

/* A script, whose arg is the address: each visitor says a line with its number and hears it again
 * (echo). */
bool visit_echo(size_t index, struct visit *visit, void *address);

/* Connects, blocking. Returns the descriptor, or -1 with errno. */
int visitor_connect(const char *address);

#endif
