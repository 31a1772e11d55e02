/* end_reason.h - why a connection ended: the word behind end= in its log line. */
#ifndef SERVER_END_REASON_H
#define SERVER_END_REASON_H

enum end_reason {
    END_NONE = 0, /* it has not ended */
    END_EOF,      /* the peer ended its side and got all its answers */
    END_DONE,     /* the handler was complete first */
    END_FAILED,   /* the peer broke the protocol, or the handler says it failed */
    END_RESET,    /* the peer reset the connection or went away */
    END_ERROR,    /* a call on the connection failed for a reason of the system's */
    END_IDLE,     /* a timeout, see struct thrdsrv_config */
    END_FIRST_BYTE,
    END_WRITE_STALL,
    END_LIFETIME,
    END_RATE,
    END_STOPPED,    /* the server's stop cut it */
    END_TERMINATED, /* somebody sent the worker process SIGTERM */
    END_SIGNAL,     /* the worker process died of a signal; its number goes with it */
    END_EXIT,       /* the worker process exited by itself; its status goes with it */
    END_NO_WORKER,  /* no worker could be started for it */
    END_LAST = END_NO_WORKER,
};

struct end {
    enum end_reason reason;
    int code; /* signal number or exit status, else 0 */
};

/* The word, e.g. "first-byte"; static storage. */
const char *end_reason_name(enum end_reason reason);

#endif
