/* wrap_files.c - descriptors, files, directories, stdio, random bytes. */
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wrap.h"

WRAP(CALL_CHMOD, int, -1, chmod, (const char *path, mode_t mode), (path, mode))
WRAP(CALL_CHOWN, int, -1, chown, (const char *path, uid_t owner, gid_t group), (path, owner, group))
WRAP(CALL_FCHMOD, int, -1, fchmod, (int fd, mode_t mode), (fd, mode))
WRAP(CALL_ACCESS, int, -1, access, (const char *path, int mode), (path, mode))
WRAP(CALL_STAT, int, -1, stat, (const char *path, struct stat *status), (path, status))
WRAP(CALL_CHDIR, int, -1, chdir, (const char *path), (path))
WRAP(CALL_CHROOT, int, -1, chroot, (const char *path), (path))
WRAP(CALL_FSTAT, int, -1, fstat, (int fd, struct stat *status), (fd, status))
WRAP(CALL_REALPATH, char *, NULL, realpath, (const char *path, char *resolved), (path, resolved))
WRAP(CALL_DUP2, int, -1, dup2, (int fd, int as), (fd, as))
WRAP(CALL_FSTATAT, int, -1, fstatat, (int at, const char *path, struct stat *status, int flags),
     (at, path, status, flags))
WRAP(CALL_GETRANDOM, ssize_t, -1, getrandom, (void *buffer, size_t size, unsigned flags),
     (buffer, size, flags))
WRAP(CALL_LSTAT, int, -1, lstat, (const char *path, struct stat *status), (path, status))
WRAP(CALL_OPENDIR, DIR *, NULL, opendir, (const char *path), (path))
WRAP(CALL_GETCWD, char *, NULL, getcwd, (char *buffer, size_t size), (buffer, size))
WRAP(CALL_PIPE2, int, -1, pipe2, (int ends[2], int flags), (ends, flags))
WRAP(CALL_READDIR, struct dirent *, NULL, readdir, (DIR * directory), (directory))
WRAP(CALL_UNLINK, int, -1, unlink, (const char *path), (path))
WRAP_CODE(CALL_GETPWNAM_R, getpwnam_r,
          (const char *name, struct passwd *entry, char *buffer, size_t size,
           struct passwd **result),
          (name, entry, buffer, size, result))
WRAP_CODE(CALL_GETPWUID_R, getpwuid_r,
          (uid_t uid, struct passwd *entry, char *buffer, size_t size, struct passwd **result),
          (uid, entry, buffer, size, result))
WRAP(CALL_GETGROUPLIST, int, -1, getgrouplist,
     (const char *user, gid_t group, gid_t *groups, int *count), (user, group, groups, count))
WRAP_CODE(CALL_GETGRNAM_R, getgrnam_r,
          (const char *name, struct group *entry, char *buffer, size_t size, struct group **result),
          (name, entry, buffer, size, result))

/* ---- Descriptors ------------------------------------------------------------------------- */

/* Linux has closed the descriptor whatever close(2) returns. */
int torture_close(int fd);
int torture_close(int fd)
{
    const struct variant *variant = fault_of(CALL_CLOSE);
    fault_note_close(fd);
    int result = fault_planted(PLANT_LEAK) ? 0 : close(fd);
    if (variant) {
        errno = variant->error;
        return -1;
    }
    return result;
}

int torture_closedir(DIR *directory);
int torture_closedir(DIR *directory)
{
    const struct variant *variant = fault_of(CALL_CLOSEDIR);
    int result = closedir(directory);
    if (variant) {
        errno = variant->error;
        return -1;
    }
    return result;
}

/* A third argument that nobody gave is not used: open(2) and fcntl(2) do the same. */
int torture_open(const char *path, int flags, ...);
int torture_open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return fault_strikes(CALL_OPEN) ? -1 : open(path, flags, mode);
}

int torture_fcntl(int fd, int command, ...);
int torture_fcntl(int fd, int command, ...)
{
    va_list arguments;
    va_start(arguments, command);
    bool has_argument = command != F_GETFL && command != F_GETFD;
    int argument = has_argument ? va_arg(arguments, int) : 0;
    va_end(arguments);
    if (fault_strikes(command == F_DUPFD_CLOEXEC ? CALL_FCNTL_DUPFD : CALL_FCNTL_FLAGS))
        return -1;
    return fcntl(fd, command, argument);
}

int torture_ioctl(int fd, unsigned long request, ...);
int torture_ioctl(int fd, unsigned long request, ...)
{
    va_list arguments;
    va_start(arguments, request);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    return fault_strikes(CALL_IOCTL) ? -1 : ioctl(fd, request, argument);
}

static ssize_t read_file(int fd, void *data, size_t size)
{
    const struct variant *variant = fault_of(CALL_READ_FILE);
    if (variant && variant->error) {
        errno = variant->error;
        return -1;
    }
    size_t part = !variant ? size : variant->way == WAY_HALF ? (size + 1) / 2 : 1;
    return read(fd, data, part);
}

/* The descriptors of the server that are no streams carry messages of one size: eventfd(2) 8 bytes,
 * the pipe of handover.c one int. No kernel reads or writes less of them. */
ssize_t torture_read(int fd, void *data, size_t size);
ssize_t torture_read(int fd, void *data, size_t size)
{
    if (size != sizeof(int) && size != sizeof(uint64_t))
        return read_file(fd, data, size);
    if (fault_strikes(size == sizeof(int) ? CALL_READ_HANDOVER : CALL_READ_WAKEUP))
        return -1;
    return read(fd, data, size);
}

static ssize_t write_text(int fd, const void *data, size_t size)
{
    static const char *const lines[] = {
        [PLANT_LOG] = "assertion failed: x == y\n",
        [PLANT_COUNTERS] = "time=0 level=notice msg=counters accepted=3 active=0 served=1 "
                           "refused_full=0 refused_admission=0 spawn_failures=0\n",
        [PLANTS] = NULL,
    };
    const struct variant *variant = fault_of(CALL_WRITE_TEXT);
    for (int plant = 0; plant < PLANTS; plant++)
        if (lines[plant] && fault_planted((enum plant)plant))
            write(fd, lines[plant], strlen(lines[plant]));
    if (fault_planted(PLANT_SILENCE))
        return (ssize_t)size;
    if (variant && variant->way == WAY_ERROR) {
        errno = variant->error;
        return -1;
    }
    return write(fd, data, fault_size(variant, size));
}

ssize_t torture_write(int fd, const void *data, size_t size);
ssize_t torture_write(int fd, const void *data, size_t size)
{
    if (size != sizeof(uint64_t) && size != sizeof(int))
        return write_text(fd, data, size);
    if (fault_strikes(size == sizeof(int) ? CALL_WRITE_HANDOVER : CALL_WRITE_WAKEUP))
        return -1;
    return write(fd, data, size);
}

/* ---- Streams ----------------------------------------------------------------------------- */

/* A stream remembers its errors: fclose(3) of a memory stream then fails. There is no function that
 * says so. */
static int spoil(FILE *stream)
{
#ifdef _IO_ERR_SEEN
    stream->_flags |= _IO_ERR_SEEN;
#endif
    (void)stream;
    return EOF;
}

WRAP(CALL_FOPEN, FILE *, NULL, fopen, (const char *path, const char *mode), (path, mode))
WRAP(CALL_OPEN_MEMSTREAM, FILE *, NULL, open_memstream, (char **text, size_t *size), (text, size))
WRAP(CALL_FGETS, char *, (spoil(stream), NULL), fgets, (char *line, int size, FILE *stream),
     (line, size, stream))
/* gcc makes fwrite(3) of most calls of it. */
WRAP(CALL_FWRITE, int, spoil(stream), fputs, (const char *text, FILE *stream), (text, stream))
WRAP(CALL_FWRITE, size_t, (spoil(stream), 0u), fwrite,
     (const void *data, size_t size, size_t count, FILE *stream), (data, size, count, stream))
WRAP(CALL_GETLINE, ssize_t, spoil(stream), getline, (char **line, size_t *size, FILE *stream),
     (line, size, stream))

int torture_fclose(FILE *stream);
int torture_fclose(FILE *stream)
{
    const struct variant *variant = fault_of(CALL_FCLOSE);
    int result = fclose(stream);
    if (variant) {
        errno = variant->error;
        return EOF;
    }
    return result;
}

size_t torture_fread(void *data, size_t size, size_t count, FILE *stream);
size_t torture_fread(void *data, size_t size, size_t count, FILE *stream)
{
    const struct variant *variant = fault_of(CALL_FREAD);
    if (variant && variant->way == WAY_ERROR) {
        errno = variant->error;
        spoil(stream);
        return 0;
    }
    return fread(data, size, fault_size(variant, count), stream);
}

int torture_fprintf(FILE *stream, const char *format, ...);
int torture_fprintf(FILE *stream, const char *format, ...)
{
    if (fault_strikes(CALL_FPRINTF))
        return spoil(stream);
    va_list arguments;
    va_start(arguments, format);
    int result = vfprintf(stream, format, arguments);
    va_end(arguments);
    return result;
}

/* libc's headers give it other names, by the version of C. */
#define WRAP_FSCANF(name)                                                                          \
    int name(FILE *stream, const char *format, ...);                                               \
    int name(FILE *stream, const char *format, ...)                                                \
    {                                                                                              \
        if (fault_strikes(CALL_FSCANF))                                                            \
            return spoil(stream);                                                                  \
        va_list arguments;                                                                         \
        va_start(arguments, format);                                                               \
        int result = vfscanf(stream, format, arguments);                                           \
        va_end(arguments);                                                                         \
        return result;                                                                             \
    }

WRAP_FSCANF(torture_fscanf)
WRAP_FSCANF(torture___isoc99_fscanf)
WRAP_FSCANF(torture___isoc23_fscanf)
