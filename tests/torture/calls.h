/* calls.h - the calls that are made to fail, and how each of them can.
 *
 * A call is a function of libc's, or one use of it where the uses fail in different ways:
 * write.text and write.wakeup are both write(2). Known to the wrappers and to the driver. */
#ifndef TORTURE_CALLS_H
#define TORTURE_CALLS_H

#include <stdbool.h>

enum call {
    CALL_ACCEPT4,
    CALL_ACCESS,
    CALL_ASPRINTF,
    CALL_BIND,
    CALL_CALLOC,
    CALL_CHDIR,
    CALL_CHMOD,
    CALL_CHOWN,
    CALL_CHROOT,
    CALL_CLOSE,
    CALL_CLOSEDIR,
    CALL_CONNECT,
    CALL_DUP2,
    CALL_EPOLL_CREATE1,
    CALL_EPOLL_ADD,
    CALL_EPOLL_MOD,
    CALL_EPOLL_DEL,
    CALL_EPOLL_WAIT,
    CALL_EVENTFD,
    CALL_EXECVE,
    CALL_FCHMOD,
    CALL_FCLOSE,
    CALL_FCNTL_DUPFD,
    CALL_FCNTL_FLAGS,
    CALL_FGETS,
    CALL_FOPEN,
    CALL_FORK,
    CALL_FPRINTF,
    CALL_FREAD,
    CALL_FSCANF,
    CALL_FSTAT,
    CALL_FSTATAT,
    CALL_FWRITE,
    CALL_GETCWD,
    CALL_GETGRNAM_R,
    CALL_GETGROUPLIST,
    CALL_GETLINE,
    CALL_GETPEERNAME,
    CALL_GETPWNAM_R,
    CALL_GETPWUID_R,
    CALL_GETRANDOM,
    CALL_GETRLIMIT,
    CALL_GETRUSAGE,
    CALL_GETSOCKNAME,
    CALL_GETSOCKOPT,
    CALL_IOCTL,
    CALL_KILL,
    CALL_LISTEN,
    CALL_LSTAT,
    CALL_MADVISE,
    CALL_MALLOC,
    CALL_MMAP,
    CALL_MUNMAP,
    CALL_NANOSLEEP,
    CALL_OPEN,
    CALL_OPENDIR,
    CALL_OPEN_MEMSTREAM,
    CALL_PIPE2,
    CALL_POLL,
    CALL_POSIX_SPAWN,
    CALL_POSIX_SPAWN_ACTION,
    CALL_POSIX_SPAWN_INIT,
    CALL_PRCTL,
    CALL_PRCTL_NO_NEW_PRIVS,
    CALL_PTHREAD_ATTR_INIT,
    CALL_PTHREAD_ATTR_SETDETACHSTATE,
    CALL_PTHREAD_ATTR_SETGUARDSIZE,
    CALL_PTHREAD_ATTR_SETSTACKSIZE,
    CALL_PTHREAD_CREATE,
    CALL_PTHREAD_SETNAME_NP,
    CALL_READ_FILE,
    CALL_READ_HANDOVER,
    CALL_READ_WAKEUP,
    CALL_READDIR,
    CALL_REALLOCARRAY,
    CALL_REALPATH,
    CALL_RECV,
    CALL_SEM_TIMEDWAIT,
    CALL_SEM_WAIT,
    CALL_SEND,
    CALL_SENDTO,
    CALL_SETGROUPS,
    CALL_SETPGID,
    CALL_SETRESGID,
    CALL_SETRESUID,
    CALL_SETRLIMIT,
    CALL_SETSOCKOPT,
    CALL_SHUTDOWN,
    CALL_SIGTIMEDWAIT,
    CALL_SOCKET,
    CALL_STAT,
    CALL_STRDUP,
    CALL_STRNDUP,
    CALL_SYSCALL_CLOSE_RANGE,
    CALL_SYSCALL_PIDFD_OPEN,
    CALL_SYSCALL_PIDFD_SEND_SIGNAL,
    CALL_SYSCALL_PRCTL,
    CALL_SYSCALL_TGKILL,
    CALL_SYSCALL_WAITID,
    CALL_UNLINK,
    CALL_WAITPID,
    CALL_WRITE_HANDOVER,
    CALL_WRITE_TEXT,
    CALL_WRITE_WAKEUP,
    CALLS
};

/* What an outcome means for what may be seen from outside. */
enum harm {
    HARM_SOME, /* connections may be lost, the server refuses to start: nothing else */
    HARM_NONE, /* nobody may notice: an interrupted call, fewer bytes than asked for */
    HARM_LAST, /* a descriptor of ours is gone: the server may give up, with status 1 */
};

/* How the call fails. */
enum way {
    WAY_ERROR,      /* with the error, and without effect */
    WAY_AFTERWARDS, /* with the error, but its work is done: so do close(2) and fclose(3) */
    WAY_ONE_BYTE,   /* moves one byte, and says so */
    WAY_HALF,       /* moves half of the bytes, and says so */
};

#define VARIANTS_MAX 22

struct variant {
    const char *name; /* "ECONNRESET", "half"; NULL ends the list */
    int error;
    enum way way;
    enum harm harm;
};

struct call_kind {
    const char *name; /* "write.text" */
    struct variant variants[VARIANTS_MAX + 1];
};

extern const struct call_kind call_kinds[CALLS];

#endif
