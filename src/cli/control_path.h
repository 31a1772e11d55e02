/* control_path.h - where control sockets are: which path may be given, and which is the usual one.
 *
 * The usual one is thrd-PID.sock in $XDG_RUNTIME_DIR, or in /run for root: directories in which
 * nobody else can make files, so that nobody can lay a socket there that looks like ours. Where
 * there is none, a path has to be named.
 * What it does not do: it opens no socket.
 * Called by option_table.c and control.c for the server, by the files of thrd status for who asks;
 * any thread. */
#ifndef THRD_CLI_CONTROL_PATH_H
#define THRD_CLI_CONTROL_PATH_H

#include <stddef.h>
#include <sys/types.h>
#include <sys/un.h>

/* Room for any path of a socket (unix(7)). */
#define CONTROL_PATH_SIZE sizeof(((struct sockaddr_un *)0)->sun_path)

/* What may be given, for error texts. */
#define CONTROL_PATH_ALLOWED "a path of 1 to 107 bytes without a comma"

/* What is wrong with a path; NULL: nothing. */
const char *control_path_complaint(const char *path);

/* The directory of the usual paths, or NULL: this user has none. */
const char *control_path_directory(void);

/* The usual path of the server that is process pid. Returns 0, or -1 where there is none, or it
 * would be too long. */
int control_path_of(pid_t pid, char path[CONTROL_PATH_SIZE]);

/* The process whose usual path ends with this name, which may be any; 0: that of none. */
pid_t control_path_process(const char *name);

#endif
