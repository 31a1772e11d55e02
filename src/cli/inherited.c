/* inherited.c - see inherited.h. */
#include "cli/inherited.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CLOSE_ON_EXEC                                                                              \
    4u /* CLOSE_RANGE_CLOEXEC of <linux/close_range.h>, which older headers lack */

void inherited_keep(void)
{
    const int first = STDERR_FILENO + 1;
    if (syscall(SYS_close_range, (unsigned)first, ~0u, CLOSE_ON_EXEC) == 0)
        return;
    long open_max = sysconf(_SC_OPEN_MAX); /* Linux 5.10 cannot do that at once */
    for (int fd = first; fd < open_max; fd++)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
}
