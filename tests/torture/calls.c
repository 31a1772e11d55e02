/* calls.c - see calls.h. The errors are those of the man pages, less the ones that a correct
 * program cannot get (EFAULT, or EINVAL of an argument that is a constant) and those of other
 * systems. */
#include "calls.h"

#include <errno.h>
#include <stddef.h>

#define FAILS(error)                                                                               \
    {                                                                                              \
#error, error, WAY_ERROR, HARM_SOME                                                        \
    }
#define HARMLESS(error)                                                                            \
    {                                                                                              \
#error, error, WAY_ERROR, HARM_NONE                                                        \
    }
#define LAST(error)                                                                                \
    {                                                                                              \
#error, error, WAY_ERROR, HARM_LAST                                                        \
    }
#define AFTERWARDS(error)                                                                          \
    {                                                                                              \
#error, error, WAY_AFTERWARDS, HARM_NONE                                                   \
    }
#define ONE_BYTE                                                                                   \
    {                                                                                              \
        "one", 0, WAY_ONE_BYTE, HARM_NONE                                                          \
    }
#define HALF                                                                                       \
    {                                                                                              \
        "half", 0, WAY_HALF, HARM_NONE                                                             \
    }

/* accept4: a connection that was not taken stays in the queue here, so it is served in the end. */
const struct call_kind call_kinds[CALLS] = {
    [CALL_ACCEPT4] =
        {"accept4",
         {HARMLESS(EAGAIN), HARMLESS(ECONNABORTED), HARMLESS(EINTR),       FAILS(EMFILE),
          FAILS(ENFILE),    FAILS(ENOBUFS),         FAILS(ENOMEM),         HARMLESS(EPROTO),
          HARMLESS(EPERM),  HARMLESS(ENETDOWN),     HARMLESS(ENOPROTOOPT), HARMLESS(EHOSTDOWN),
          HARMLESS(ENONET), HARMLESS(EHOSTUNREACH), HARMLESS(EOPNOTSUPP),  HARMLESS(ENETUNREACH),
          FAILS(ENOSR),     HARMLESS(ETIMEDOUT),    HARMLESS(ECONNRESET),  LAST(EBADF),
          LAST(EINVAL)}},
    [CALL_ACCESS] = {"access", {FAILS(EACCES), FAILS(ENOENT), FAILS(EIO), FAILS(ENOMEM)}},
    [CALL_ASPRINTF] = {"asprintf", {FAILS(ENOMEM)}},
    [CALL_BIND] = {"bind",
                   {FAILS(EACCES), FAILS(EADDRINUSE), FAILS(EADDRNOTAVAIL), FAILS(ENOMEM),
                    FAILS(ENOENT), FAILS(ENOTDIR), FAILS(EROFS), FAILS(ENOSPC)}},
    [CALL_CALLOC] = {"calloc", {FAILS(ENOMEM)}},
    [CALL_CHDIR] = {"chdir", {FAILS(EACCES), FAILS(EIO), FAILS(ENOMEM)}},
    [CALL_CHMOD] = {"chmod", {FAILS(EPERM), FAILS(EROFS), FAILS(EIO), FAILS(ENOENT)}},
    [CALL_CHOWN] = {"chown", {FAILS(EPERM), FAILS(EROFS), FAILS(EIO), FAILS(ENOENT)}},
    [CALL_CHROOT] = {"chroot",
                     {FAILS(EACCES), FAILS(EIO), FAILS(ENOENT), FAILS(ENOMEM), FAILS(ENOTDIR),
                      FAILS(EPERM)}},
    [CALL_CLOSE] = {"close", {AFTERWARDS(EINTR), AFTERWARDS(EIO), AFTERWARDS(ENOSPC)}},
    [CALL_CLOSEDIR] = {"closedir", {AFTERWARDS(EIO)}},
    [CALL_CONNECT] = {"connect", {FAILS(EACCES), FAILS(EAGAIN), FAILS(EINTR), FAILS(EPERM)}},
    [CALL_DUP2] = {"dup2", {FAILS(EBUSY), FAILS(EINTR), FAILS(EMFILE)}},
    [CALL_EPOLL_CREATE1] = {"epoll_create1", {FAILS(EMFILE), FAILS(ENFILE), FAILS(ENOMEM)}},
    [CALL_EPOLL_ADD] = {"epoll_ctl.add", {FAILS(ENOMEM), FAILS(ENOSPC)}},
    [CALL_EPOLL_MOD] = {"epoll_ctl.mod", {FAILS(ENOMEM)}},
    [CALL_EPOLL_DEL] = {"epoll_ctl.del", {AFTERWARDS(ENOMEM)}},
    [CALL_EPOLL_WAIT] = {"epoll_wait", {HARMLESS(EINTR), LAST(EBADF), LAST(EINVAL)}},
    [CALL_EVENTFD] = {"eventfd", {FAILS(EMFILE), FAILS(ENFILE), FAILS(ENODEV), FAILS(ENOMEM)}},
    [CALL_EXECVE] = {"execve",
                     {FAILS(E2BIG), FAILS(EACCES), FAILS(EAGAIN), FAILS(EIO), FAILS(ENFILE),
                      FAILS(ENOENT), FAILS(ENOEXEC), FAILS(ENOMEM), FAILS(ETXTBSY)}},
    [CALL_FCHMOD] = {"fchmod", {FAILS(EPERM), FAILS(EROFS), FAILS(EIO)}},
    [CALL_FCLOSE] = {"fclose", {{"EIO", EIO, WAY_AFTERWARDS, HARM_SOME}}},
    [CALL_FCNTL_DUPFD] = {"fcntl.dupfd", {FAILS(EMFILE), FAILS(EINVAL)}},
    [CALL_FCNTL_FLAGS] = {"fcntl.flags", {FAILS(EAGAIN), FAILS(EPERM)}},
    [CALL_FGETS] = {"fgets", {FAILS(EIO), FAILS(EINTR), FAILS(ENOMEM)}},
    [CALL_FOPEN] = {"fopen",
                    {FAILS(EACCES), FAILS(EMFILE), FAILS(ENFILE), FAILS(ENOENT), FAILS(ENOMEM)}},
    [CALL_FORK] = {"fork", {FAILS(EAGAIN), FAILS(ENOMEM), FAILS(ENOSYS)}},
    [CALL_FPRINTF] = {"fprintf", {FAILS(ENOMEM), FAILS(EIO), FAILS(ENOSPC)}},
    [CALL_FREAD] = {"fread", {FAILS(EIO), HALF, ONE_BYTE}},
    [CALL_FSCANF] = {"fscanf", {FAILS(EIO), FAILS(EINTR), FAILS(ENOMEM)}},
    [CALL_FSTAT] = {"fstat", {FAILS(EIO), FAILS(ENOMEM)}},
    [CALL_FSTATAT] = {"fstatat", {FAILS(EACCES), FAILS(ENOENT), FAILS(ENOMEM)}},
    [CALL_FWRITE] = {"fwrite", {FAILS(ENOMEM), FAILS(EIO), FAILS(ENOSPC)}},
    [CALL_GETCWD] = {"getcwd", {FAILS(EACCES), FAILS(ENOENT), FAILS(ENOMEM)}},
    [CALL_GETGRNAM_R] = {"getgrnam_r",
                         {FAILS(EINTR), FAILS(EIO), FAILS(EMFILE), FAILS(ENOMEM), FAILS(ERANGE)}},
    [CALL_GETGROUPLIST] = {"getgrouplist", {FAILS(ENOMEM)}},
    [CALL_GETLINE] = {"getline", {FAILS(ENOMEM), FAILS(EIO), FAILS(EINTR)}},
    [CALL_GETPEERNAME] = {"getpeername", {FAILS(ENOTCONN), FAILS(ENOBUFS)}},
    [CALL_GETPWNAM_R] = {"getpwnam_r",
                         {FAILS(EINTR), FAILS(EIO), FAILS(EMFILE), FAILS(ENOMEM), FAILS(ERANGE)}},
    [CALL_GETPWUID_R] = {"getpwuid_r",
                         {FAILS(EINTR), FAILS(EIO), FAILS(EMFILE), FAILS(ENOMEM), FAILS(ERANGE)}},
    [CALL_GETRANDOM] = {"getrandom", {HARMLESS(EINTR), FAILS(ENOSYS), FAILS(EAGAIN)}},
    [CALL_GETRLIMIT] = {"getrlimit", {FAILS(EPERM), FAILS(EINVAL)}},
    [CALL_GETRUSAGE] = {"getrusage", {HARMLESS(EINVAL)}},
    [CALL_GETSOCKNAME] = {"getsockname", {FAILS(ENOBUFS), FAILS(EINVAL)}},
    [CALL_GETSOCKOPT] = {"getsockopt", {FAILS(ENOPROTOOPT), FAILS(ENOBUFS), FAILS(ENOMEM)}},
    [CALL_IOCTL] = {"ioctl", {FAILS(EINVAL), FAILS(ENOTTY)}},
    [CALL_KILL] = {"kill", {FAILS(EPERM), FAILS(ESRCH)}},
    [CALL_LISTEN] = {"listen", {FAILS(EADDRINUSE), FAILS(EOPNOTSUPP), FAILS(ENOBUFS)}},
    [CALL_LSTAT] = {"lstat", {FAILS(EACCES), FAILS(ENOENT), FAILS(ENOMEM), FAILS(EIO)}},
    [CALL_MADVISE] = {"madvise", {HARMLESS(EAGAIN), HARMLESS(EINVAL), HARMLESS(ENOMEM)}},
    [CALL_MALLOC] = {"malloc", {FAILS(ENOMEM)}},
    [CALL_MMAP] = {"mmap", {FAILS(EAGAIN), FAILS(ENFILE), FAILS(ENOMEM), FAILS(EPERM)}},
    [CALL_MUNMAP] = {"munmap", {HARMLESS(ENOMEM)}},
    [CALL_NANOSLEEP] = {"nanosleep", {HARMLESS(EINTR)}},
    [CALL_OPEN] = {"open",
                   {FAILS(EACCES), FAILS(EINTR), FAILS(EMFILE), FAILS(ENFILE), FAILS(ENOENT),
                    FAILS(ENOMEM)}},
    [CALL_OPENDIR] = {"opendir", {FAILS(EACCES), FAILS(EMFILE), FAILS(ENFILE), FAILS(ENOENT)}},
    [CALL_OPEN_MEMSTREAM] = {"open_memstream", {FAILS(ENOMEM)}},
    [CALL_PIPE2] = {"pipe2", {FAILS(EMFILE), FAILS(ENFILE)}},
    [CALL_POLL] = {"poll", {HARMLESS(EINTR), FAILS(ENOMEM), FAILS(EINVAL)}},
    [CALL_POSIX_SPAWN] = {"posix_spawn",
                          {FAILS(E2BIG), FAILS(EACCES), FAILS(EAGAIN), FAILS(EMFILE), FAILS(ENFILE),
                           FAILS(ENOENT), FAILS(ENOEXEC), FAILS(ENOMEM), FAILS(ETXTBSY)}},
    [CALL_POSIX_SPAWN_ACTION] = {"posix_spawn_file_actions.add", {FAILS(ENOMEM), FAILS(EBADF)}},
    [CALL_POSIX_SPAWN_INIT] = {"posix_spawn.init", {FAILS(ENOMEM)}},
    [CALL_PRCTL] = {"prctl", {HARMLESS(EPERM), HARMLESS(EINVAL)}},
    [CALL_PRCTL_NO_NEW_PRIVS] = {"prctl.no_new_privs", {FAILS(EINVAL), FAILS(EPERM)}},
    [CALL_PTHREAD_ATTR_INIT] = {"pthread_attr_init", {FAILS(ENOMEM)}},
    [CALL_PTHREAD_ATTR_SETDETACHSTATE] = {"pthread_attr_setdetachstate", {FAILS(EINVAL)}},
    [CALL_PTHREAD_ATTR_SETGUARDSIZE] = {"pthread_attr_setguardsize", {FAILS(EINVAL)}},
    [CALL_PTHREAD_ATTR_SETSTACKSIZE] = {"pthread_attr_setstacksize", {FAILS(EINVAL)}},
    [CALL_PTHREAD_CREATE] = {"pthread_create",
                             {FAILS(EAGAIN), FAILS(EINVAL), FAILS(EPERM), FAILS(ENOMEM)}},
    [CALL_PTHREAD_SETNAME_NP] = {"pthread_setname_np",
                                 {HARMLESS(ENOENT), HARMLESS(EINTR), HARMLESS(EMFILE)}},
    [CALL_READ_FILE] = {"read.file", {HARMLESS(EINTR), ONE_BYTE, HALF, FAILS(EIO), FAILS(EISDIR)}},
    [CALL_READ_HANDOVER] = {"read.handover", {HARMLESS(EAGAIN), HARMLESS(EINTR), FAILS(EIO)}},
    [CALL_READ_WAKEUP] = {"read.wakeup", {HARMLESS(EAGAIN), HARMLESS(EINTR), HARMLESS(EIO)}},
    [CALL_READDIR] = {"readdir", {FAILS(ENOMEM), FAILS(EIO)}},
    [CALL_REALLOCARRAY] = {"reallocarray", {FAILS(ENOMEM)}},
    [CALL_REALPATH] = {"realpath", {FAILS(EACCES), FAILS(EIO), FAILS(ENOENT), FAILS(ENOMEM)}},
    [CALL_RECV] = {"recv",
                   {ONE_BYTE, HALF, HARMLESS(EAGAIN), HARMLESS(EINTR), FAILS(ECONNREFUSED),
                    FAILS(ECONNRESET), FAILS(EHOSTUNREACH), FAILS(ENOBUFS), FAILS(ENOMEM),
                    FAILS(ENOTCONN), FAILS(ETIMEDOUT)}},
    [CALL_SEM_TIMEDWAIT] = {"sem_timedwait", {HARMLESS(EINTR), HARMLESS(ETIMEDOUT)}},
    [CALL_SEM_WAIT] = {"sem_wait", {HARMLESS(EINTR)}},
    [CALL_SEND] = {"send",
                   {ONE_BYTE, HALF, HARMLESS(EAGAIN), HARMLESS(EINTR), FAILS(EACCES),
                    FAILS(ECONNRESET), FAILS(EHOSTUNREACH), FAILS(ENETDOWN), FAILS(ENETUNREACH),
                    FAILS(ENOBUFS), FAILS(ENOMEM), FAILS(ENOTCONN), FAILS(EPIPE),
                    FAILS(ETIMEDOUT)}},
    [CALL_SENDTO] = {"sendto",
                     {FAILS(EAGAIN), FAILS(ECONNREFUSED), FAILS(EINTR), FAILS(EMSGSIZE),
                      FAILS(ENOBUFS), FAILS(ENOENT)}},
    [CALL_SETGROUPS] = {"setgroups", {FAILS(ENOMEM), FAILS(EPERM)}},
    [CALL_SETPGID] = {"setpgid", {HARMLESS(EACCES), HARMLESS(EPERM)}},
    [CALL_SETRESGID] = {"setresgid", {FAILS(EAGAIN), FAILS(EPERM)}},
    [CALL_SETRESUID] = {"setresuid", {FAILS(EAGAIN), FAILS(EPERM)}},
    [CALL_SETRLIMIT] = {"setrlimit", {FAILS(EPERM), FAILS(EINVAL)}},
    [CALL_SETSOCKOPT] = {"setsockopt",
                         {FAILS(ENOPROTOOPT), FAILS(ENOBUFS), FAILS(ENOMEM), FAILS(EINVAL)}},
    [CALL_SHUTDOWN] = {"shutdown", {FAILS(ENOTCONN), FAILS(ENOBUFS)}},
    [CALL_SIGTIMEDWAIT] = {"sigtimedwait", {FAILS(EAGAIN), FAILS(EINTR)}},
    [CALL_SOCKET] = {"socket",
                     {FAILS(EACCES), FAILS(EAFNOSUPPORT), FAILS(EMFILE), FAILS(ENFILE),
                      FAILS(ENOBUFS), FAILS(ENOMEM), FAILS(EPROTONOSUPPORT)}},
    [CALL_STAT] = {"stat", {FAILS(EACCES), FAILS(EIO), FAILS(ENOENT), FAILS(ENOMEM)}},
    [CALL_STRDUP] = {"strdup", {FAILS(ENOMEM)}},
    [CALL_STRNDUP] = {"strndup", {FAILS(ENOMEM)}},
    [CALL_SYSCALL_CLOSE_RANGE] = {"syscall.close_range",
                                  {HARMLESS(ENOSYS), HARMLESS(EMFILE), HARMLESS(ENOMEM)}},
    [CALL_SYSCALL_PIDFD_OPEN] = {"syscall.pidfd_open",
                                 {HARMLESS(EMFILE), HARMLESS(ENFILE), HARMLESS(ENODEV),
                                  HARMLESS(ENOMEM), HARMLESS(ENOSYS)}},
    [CALL_SYSCALL_PIDFD_SEND_SIGNAL] = {"syscall.pidfd_send_signal",
                                        {FAILS(EPERM), FAILS(ENOSYS), FAILS(EINVAL)}},
    [CALL_SYSCALL_PRCTL] = {"syscall.prctl", {HARMLESS(EPERM), HARMLESS(EINVAL)}},
    [CALL_SYSCALL_TGKILL] = {"syscall.tgkill", {HARMLESS(EAGAIN), HARMLESS(EPERM)}},
    [CALL_SYSCALL_WAITID] = {"syscall.waitid", {HARMLESS(EINTR), AFTERWARDS(ECHILD)}},
    [CALL_UNLINK] = {"unlink",
                     {FAILS(EACCES), FAILS(EBUSY), FAILS(EIO), FAILS(ENOENT), FAILS(EPERM),
                      FAILS(EROFS)}},
    [CALL_WAITPID] = {"waitpid", {HARMLESS(EINTR)}},
    [CALL_WRITE_HANDOVER] = {"write.handover", {FAILS(EAGAIN), FAILS(EINTR)}},
    [CALL_WRITE_TEXT] = {"write.text",
                         {ONE_BYTE, HALF, HARMLESS(EINTR), FAILS(EAGAIN), FAILS(EBADF),
                          FAILS(EFBIG), FAILS(EIO), FAILS(ENOSPC), FAILS(EPIPE)}},
    [CALL_WRITE_WAKEUP] = {"write.wakeup", {HARMLESS(EINTR)}},
};
