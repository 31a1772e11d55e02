/* thrdsrv/error.h - the one space of error numbers of the library.
 *
 * Every function that can fail returns 0 (or a count) on success and one of these negative
 * numbers on failure. Nothing is thrown, nothing exits, errno is not part of the contract except
 * where THRDSRV_E_SYSTEM says so. */
#ifndef THRDSRV_ERROR_H
#define THRDSRV_ERROR_H

#include <thrdsrv/export.h>

#ifdef __cplusplus
extern "C" {
#endif

enum thrdsrv_error {
    THRDSRV_E_INVALID = -1,     /* an argument or a configuration field is out of its range */
    THRDSRV_E_MEMORY = -2,      /* memory for the server itself could not be had */
    THRDSRV_E_SYSTEM = -3,      /* the system refused; errno is the one of the call that failed */
    THRDSRV_E_UNSUPPORTED = -4, /* not in this build (mode fork with THRDSRV_FORK=OFF) */
    THRDSRV_E_EOF = -5,         /* the peer has ended its side; there is no more input */
    THRDSRV_E_TIMEOUT = -6, /* a deadline of the handler's or a timeout of the server's passed */
    THRDSRV_E_STOPPED =
        -7,               /* the server was stopped: it has cut this connection, or takes no more */
    THRDSRV_E_RESET = -8, /* the peer reset the connection, or went away while we wrote */
    THRDSRV_E_TOO_LONG = -9, /* a line did not fit into the caller's buffer, or a text into ours */
    THRDSRV_E_FULL = -10,    /* as many connections wait as can */
};

/* A sentence fragment in English for an error number, e.g. "the peer reset the connection".
 * Never NULL; unknown numbers give "unknown error". Static storage; any thread. */
THRDSRV_API const char *thrdsrv_strerror(int error);

#ifdef __cplusplus
}
#endif

#endif
