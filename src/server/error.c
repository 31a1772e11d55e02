/* error.c - the words for error numbers and for the reasons of an end. Any thread. */
#include <thrdsrv/error.h>

#include "server/end_reason.h"

const char *thrdsrv_strerror(int error)
{
    switch (error) {
    case 0:
        return "success";
    case THRDSRV_E_INVALID:
        return "invalid argument or configuration";
    case THRDSRV_E_MEMORY:
        return "out of memory";
    case THRDSRV_E_SYSTEM:
        return "the system refused";
    case THRDSRV_E_UNSUPPORTED:
        return "not supported by this build";
    case THRDSRV_E_EOF:
        return "end of input";
    case THRDSRV_E_TIMEOUT:
        return "timed out";
    case THRDSRV_E_STOPPED:
        return "the server was stopped";
    case THRDSRV_E_RESET:
        return "the peer reset the connection";
    case THRDSRV_E_TOO_LONG:
        return "line too long";
    default:
        return "unknown error";
    }
}

const char *end_reason_name(enum end_reason reason)
{
    static const char *const names[] = {
        [END_NONE] = "none",
        [END_EOF] = "eof",
        [END_DONE] = "done",
        [END_FAILED] = "failed",
        [END_RESET] = "reset",
        [END_ERROR] = "error",
        [END_IDLE] = "idle",
        [END_FIRST_BYTE] = "first-byte",
        [END_WRITE_STALL] = "write-stall",
        [END_LIFETIME] = "lifetime",
        [END_RATE] = "rate",
        [END_STOPPED] = "stopped",
        [END_TERMINATED] = "signal",
        [END_SIGNAL] = "signal",
        [END_EXIT] = "exit",
        [END_NO_WORKER] = "no-worker",
    };
    return names[reason];
}
