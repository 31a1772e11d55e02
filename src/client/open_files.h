/* open_files.h - may this process open so many descriptors? */
#ifndef CLIENT_OPEN_FILES_H
#define CLIENT_OPEN_FILES_H

#include <stddef.h>
#include <sys/resource.h>

/* Makes sure that `more` descriptors can be opened besides those that are open: raises the soft
 * limit (RLIMIT_NOFILE) where it is too low. Returns 0, or -1 with a line in error that names the
 * limit and the remedy. The limit is the whole process's; any thread, but not two at once. */
int open_files_allow(rlim_t more, char *error, size_t size);

#endif
