/* version.c - which library this is, for programs that find it at run time. */
#include <thrdsrv/version.h>

const char *thrdsrv_version(void)
{
    return THRDSRV_VERSION;
}
