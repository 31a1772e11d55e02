/* error.c - the words for error numbers. Any thread. */
#include <thrdsrv/error.h>

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
    case THRDSRV_E_FULL:
        return "too many connections wait";
    default:
        return "unknown error";
    }
}
