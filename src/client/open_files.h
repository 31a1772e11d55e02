/* open_files.h - how many descriptors there may be, and whose they are. */
#ifndef CLIENT_OPEN_FILES_H
#define CLIENT_OPEN_FILES_H

#include <stddef.h>
#include <sys/resource.h>

/* Makes sure that `more` descriptors can be opened besides those that are open: raises the soft
 * limit (RLIMIT_NOFILE) where it is too low. Returns 0, or -1 with a line in error that names the
 * limit and the remedy. The limit is the whole process's; any thread, but not two at once. */
int open_files_allow(rlim_t more, char *error, size_t size);

/* Gives the calling thread a table of descriptors of its own, with the standard ones and those that
 * are named (negative: none), and nothing else: so it keeps nobody's pipe open. In a table that
 * threads share, each system call on a descriptor counts a reference up and down; that is 1 to 3 %
 * of a load thread's time. Where the kernel cannot, all stays as it is. */
void open_files_unshare(const int *kept, size_t count);

#endif
