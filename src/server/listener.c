/* listener.c - see listener.h. Opening: the thread that creates the server; the rest: the loop. */
#include "server/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/tcp.h>
#include <pwd.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/descriptor.h"
#include "server/handover.h"
#include "server/log.h"

static const char *remedy_for(int error)
{
    switch (error) {
    case EADDRINUSE:
        return "another program holds this address (ss -tanp shows it): stop that, or choose "
               "another port; port 0 takes a free one";
    case EACCES:
        return "ports below 1024 need CAP_NET_BIND_SERVICE, a socket file a writable directory";
    case EADDRNOTAVAIL:
        return "no interface of this machine has this address (ip address shows them)";
    case EMFILE:
    case ENFILE:
        return "raise the limit of open files (ulimit -n, fs.file-max)";
    case EAFNOSUPPORT:
        return "this machine has no such address family; name an address of the other one";
    case ENOENT:
    case ENOTDIR:
        return "the directory of the socket file must exist";
    default:
        return "see bind(2) and listen(2)";
    }
}

/* Logs the failure of a call with errno in it; errno is kept for the caller's caller. */
static int refused(const struct thrdsrv_config *config, const char *text, const char *remedy)
{
    struct log_line line;
    int kept = errno;
    log_begin(&line, "cannot listen");
    log_text(&line, "listen", text);
    log_text(&line, "error", strerror(kept));
    log_text(&line, "remedy", remedy ? remedy : remedy_for(kept));
    log_send(config, THRDSRV_LOG_ERROR, &line);
    errno = kept;
    return THRDSRV_E_SYSTEM;
}

static int set_option(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof value);
}

int listener_set_connection_options(int fd, const struct thrdsrv_config *config)
{
    /* Off is set too: a socket that the host opened may have had them on. */
    if (set_option(fd, IPPROTO_TCP, TCP_NODELAY, config->nodelay) < 0 ||
        set_option(fd, SOL_SOCKET, SO_KEEPALIVE, config->keepalive_idle > 0) < 0)
        return -1;
    if (config->keepalive_idle == 0)
        return 0;
    if (set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, config->keepalive_idle) < 0 ||
        set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, config->keepalive_interval) < 0 ||
        set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, config->keepalive_count) < 0)
        return -1;
    return 0;
}

static int set_tcp_options(int fd, int family, const struct thrdsrv_config *config)
{
    if (set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) < 0)
        return -1;
    if (family == AF_INET6 && set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) < 0)
        return -1;
    return listener_set_connection_options(fd, config);
}

static int new_socket(int family)
{
    return descriptor_above_standard(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

/* Binds and listens; returns the descriptor or -1 with errno. */
static int open_tcp(const struct sockaddr_storage *address, socklen_t length,
                    const struct thrdsrv_config *config)
{
    int fd = new_socket(address->ss_family);
    if (fd < 0)
        return -1;
    if (set_tcp_options(fd, address->ss_family, config) < 0 ||
        bind(fd, (const struct sockaddr *)address, length) < 0 || listen(fd, config->backlog) < 0) {
        descriptor_discard(fd);
        return -1;
    }
    return fd;
}

/* Remembers the address that fd really has. */
static int fill_bound(struct listener *listener, int fd, struct sockaddr_storage *bound)
{
    struct address address;
    socklen_t length = sizeof *bound;
    if (getsockname(fd, (struct sockaddr *)bound, &length) < 0)
        return -1;
    address_from_sockaddr(&address, (struct sockaddr *)bound);
    address_format(&address, listener->text);
    listener->family = address.family;
    listener->fd = fd;
    return 0;
}

/* Where a spec has two addresses the second is IPv6. */
static void set_second_port(struct listen_spec *spec, in_port_t port)
{
    memcpy((char *)&spec->addresses[1] + offsetof(struct sockaddr_in6, sin6_port), &port,
           sizeof port);
}

/* Opens the addresses of a spec in order. The second may lack its family; with same_port it takes
 * the first one's port. Returns the index of the address that failed, or the count. */
static unsigned open_all(struct listener *listeners, unsigned *count, struct listen_spec *spec,
                         const struct thrdsrv_config *config)
{
    *count = 0;
    for (unsigned i = 0; i < spec->count; i++) {
        struct sockaddr_storage bound;
        int fd = open_tcp(&spec->addresses[i], spec->lengths[i], config);
        bool missing = fd < 0 && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL);
        if (missing && spec->count == 2 && (i == 0 || *count > 0))
            continue;
        if (fd < 0)
            return i;
        if (fill_bound(&listeners[*count], fd, &bound) < 0) {
            descriptor_discard(fd);
            return i;
        }
        ++*count;
        if (spec->same_port && i == 0) {
            struct sockaddr_in v4;
            memcpy(&v4, &bound, sizeof v4);
            set_second_port(spec, v4.sin_port);
        }
    }
    return spec->count;
}

static int open_tcp_spec(struct listener *listeners, unsigned *count, struct listen_spec *spec,
                         const char *text, const struct thrdsrv_config *config)
{
    /* A port that is free for IPv4 may be taken for IPv6: then the kernel is asked for another. */
    for (int attempt = 0;; attempt++) {
        unsigned failed = open_all(listeners, count, spec, config);
        if (failed == spec->count && *count > 0)
            return 0;
        int kept = errno;
        while (*count > 0)
            listener_close(&listeners[--*count]);
        if (!spec->same_port || kept != EADDRINUSE || failed != 1 || attempt == 20) {
            errno = kept;
            return refused(config, text, NULL);
        }
        set_second_port(spec, 0);
    }
}

/* A user or group given as a number. All ones is no id: it means "leave it" to chown(2). */
static bool parse_id(const char *text, uint32_t *id)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 10 || text[digits] != '\0')
        return false;
    unsigned long long value = strtoull(text, NULL, 10);
    *id = (uint32_t)value;
    return value < UINT32_MAX;
}

static bool find_user(const char *name, uid_t *uid)
{
    char buffer[4096];
    struct passwd entry, *found = NULL;
    if (getpwnam_r(name, &entry, buffer, sizeof buffer, &found) != 0 || !found)
        return parse_id(name, uid);
    *uid = found->pw_uid;
    return true;
}

static bool find_group(const char *name, gid_t *gid)
{
    char buffer[16384]; /* a group's entry lists its members */
    struct group entry, *found = NULL;
    if (getgrnam_r(name, &entry, buffer, sizeof buffer, &found) != 0 || !found)
        return parse_id(name, gid);
    *gid = found->gr_gid;
    return true;
}

/* "USER[:GROUP]" by name or number. Returns false where there is no such user or group. */
static bool find_owner(const char *text, uid_t *uid, gid_t *gid)
{
    char user[sizeof((struct listen_spec *)0)->owner];
    const char *colon = strchr(text, ':');
    size_t length = colon ? (size_t)(colon - text) : strlen(text);
    memcpy(user, text, length);
    user[length] = '\0';
    *gid = (gid_t)-1;
    return find_user(user, uid) && (!colon || find_group(colon + 1, gid));
}

/* A socket file is left behind by a server that was killed. It is stale when nobody answers. Two
 * servers that start on one path at the same moment may take it from each other. */
static bool is_stale(const struct sockaddr *address, socklen_t length)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool stale = connect(fd, address, length) < 0 && errno == ECONNREFUSED;
    close(fd);
    return stale;
}

static int bind_unix(int fd, const struct listen_spec *spec)
{
    const struct sockaddr *address = (const struct sockaddr *)&spec->addresses[0];
    struct stat file;
    if (bind(fd, address, spec->lengths[0]) == 0)
        return 0;
    if (errno != EADDRINUSE)
        return -1;
    if (lstat(spec->path, &file) == 0 && S_ISSOCK(file.st_mode) &&
        is_stale(address, spec->lengths[0]) && unlink(spec->path) == 0)
        return bind(fd, address, spec->lengths[0]);
    errno = EADDRINUSE;
    return -1;
}

/* fchmod(2) before bind(2) keeps others out from the first moment; chmod(2) behind it adds the
 * bits that the umask took. */
static int set_up_unix(int fd, const struct listen_spec *spec, uid_t uid, gid_t gid, int backlog)
{
    bool set_mode = spec->mode != (mode_t)-1;
    if (set_mode && fchmod(fd, spec->mode) < 0)
        return -1;
    if (bind_unix(fd, spec) < 0)
        return -1;
    if ((spec->owner[0] && chown(spec->path, uid, gid) < 0) ||
        (set_mode && chmod(spec->path, spec->mode) < 0) || listen(fd, backlog) < 0) {
        int kept = errno;
        unlink(spec->path);
        errno = kept;
        return -1;
    }
    return 0;
}

/* The file that is there now is to be removed at the end, and no other. */
static void own_file(struct listener *listener, const char *path)
{
    struct stat file;
    if (lstat(path, &file) < 0 || !S_ISSOCK(file.st_mode))
        return;
    listener->device = file.st_dev;
    listener->inode = file.st_ino;
    snprintf(listener->path, sizeof listener->path, "%s", path);
}

static int open_unix_spec(struct listener *listener, const struct listen_spec *spec,
                          const char *text, const struct thrdsrv_config *config)
{
    uid_t uid = (uid_t)-1;
    gid_t gid = (gid_t)-1;
    if (spec->owner[0] && !find_owner(spec->owner, &uid, &gid)) {
        return listener_refuse(config, text,
                               "owner= names a user or group that this machine has not");
    }
    int fd = new_socket(AF_UNIX);
    if (fd < 0)
        return refused(config, text, NULL);
    if (set_up_unix(fd, spec, uid, gid, config->backlog) < 0) {
        descriptor_discard(fd);
        return refused(config, text,
                       errno == EADDRINUSE ? "a running server answers there, or the file is no "
                                             "socket: stop that server, or choose another path"
                                           : NULL);
    }
    own_file(listener, spec->path);
    listener->fd = fd;
    listener->family = AF_UNIX;
    snprintf(listener->text, sizeof listener->text, "unix:%s", spec->path);
    return 0;
}

int listener_refuse(const struct thrdsrv_config *config, const char *text, const char *wrong)
{
    struct log_line line;
    log_begin(&line, "cannot listen");
    log_text(&line, "listen", text);
    log_text(&line, "error", wrong);
    log_send(config, THRDSRV_LOG_ERROR, &line);
    return THRDSRV_E_INVALID;
}

/* Puts the address and family of a socket that listens already into the listener. */
static int fill_adopted(struct listener *listener, int fd)
{
    struct sockaddr_storage bound = {0}; /* an abstract name has no NUL byte at its end */
    if (fill_bound(listener, fd, &bound) < 0)
        return -1;
    listener->family = bound.ss_family;
    if (bound.ss_family == AF_UNIX) {
        const struct sockaddr_un *un = (const struct sockaddr_un *)&bound;
        snprintf(listener->text, sizeof listener->text, "unix:%s%.*s", un->sun_path[0] ? "" : "@",
                 (int)sizeof un->sun_path - 1, un->sun_path + !un->sun_path[0]);
    }
    return 0;
}

/* Works on a duplicate until nothing can fail any more: the host keeps its own until then. */
static int open_fd_spec(struct listener *listener, const struct listen_spec *spec, const char *text,
                        const struct thrdsrv_config *config)
{
    int family = descriptor_socket_option(spec->fd, SO_DOMAIN);
    if (family < 0)
        return listener_refuse(config, text, "this descriptor is not open, or no socket");
    if (descriptor_socket_option(spec->fd, SO_TYPE) != SOCK_STREAM ||
        descriptor_socket_option(spec->fd, SO_ACCEPTCONN) != 1 ||
        (family != AF_INET && family != AF_INET6 && family != AF_UNIX))
        return listener_refuse(config, text,
                               "this descriptor is no IPv4, IPv6 or Unix stream socket that "
                               "listens");
    int fd = fcntl(spec->fd, F_DUPFD_CLOEXEC, 3);
    if (fd < 0)
        return refused(config, text, NULL);
    if (fill_adopted(listener, fd) < 0) {
        descriptor_discard(fd);
        return refused(config, text, NULL);
    }
    listener->original = spec->fd;
    listener->alone = false;
    listener->claimed = spec->alone;
    return 0;
}

int listener_unblock(struct listener *listener)
{
    if (listener->original < 0)
        return 0;
    int flags = fcntl(listener->fd, F_GETFL);
    if (flags < 0 || fcntl(listener->fd, F_SETFL, flags | O_NONBLOCK) < 0)
        return -1;
    listener->blocked = !(flags & O_NONBLOCK);
    return 0;
}

void listener_adopt(struct listener *listener, const struct thrdsrv_config *config)
{
    if (listener->original < 0)
        return;
    if (listener->family != AF_UNIX)
        listener_set_connection_options(listener->fd, config); /* as far as it knows them */
    close(listener->original);
    listener->original = -1;
}

int listener_open(struct listener listeners[2], unsigned *count, const char *text,
                  const struct thrdsrv_config *config)
{
    struct listen_spec spec;
    const char *wrong = listen_spec_parse(&spec, text);
    *count = 0;
    if (wrong)
        return listener_refuse(config, text, wrong);
    memset(listeners, 0, 2 * sizeof *listeners);
    listeners[0].fd = listeners[1].fd = -1;
    listeners[0].original = listeners[1].original = -1;
    listeners[0].alone = listeners[1].alone = true;
    if (spec.fd >= 0) {
        int error = open_fd_spec(&listeners[0], &spec, text, config);
        *count = error == 0;
        return error;
    }
    if (!spec.path[0])
        return open_tcp_spec(listeners, count, &spec, text, config);
    int error = open_unix_spec(&listeners[0], &spec, text, config);
    *count = error == 0;
    return error;
}

void listener_begin(struct listener *listener)
{
    if (!listener->claimed)
        return;
    listener->alone = true;
    if (listener->family == AF_UNIX)
        own_file(listener, listener->text + strlen("unix:"));
}

void listener_share(struct listener *listener)
{
    listener->path[0] = '\0';
    listener->alone = listener->family == AF_UNSPEC; /* which nobody else has */
}

void listener_close(struct listener *listener)
{
    struct stat file;
    if (listener->fd < 0)
        return;
    if (listener->path[0] && lstat(listener->path, &file) == 0 && file.st_dev == listener->device &&
        file.st_ino == listener->inode)
        unlink(listener->path);
    if (listener->original >= 0 && listener->blocked) /* the host gets it back as it was */
        fcntl(listener->fd, F_SETFL, fcntl(listener->fd, F_GETFL) & ~O_NONBLOCK);
    close(listener->fd);
    listener->fd = -1;
}

static void name_unix_peer(int fd, struct address *peer)
{
    struct ucred credentials = {0};
    socklen_t length = sizeof credentials;
    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length); /* zeros where it fails */
    memset(peer, 0, sizeof *peer);
    peer->family = AF_UNIX;
    peer->of.process.pid = credentials.pid;
    peer->of.process.uid = credentials.uid;
}

void listener_name_peer(int fd, struct address *peer)
{
    struct sockaddr_storage from = {0};
    socklen_t length = sizeof from;
    if (descriptor_socket_option(fd, SO_DOMAIN) == AF_UNIX) {
        name_unix_peer(fd, peer);
        return;
    }
    if (getpeername(fd, (struct sockaddr *)&from, &length) < 0)
        from.ss_family = AF_UNSPEC; /* gone already */
    address_from_sockaddr(peer, (const struct sockaddr *)&from);
}

enum accept_verdict listener_accept(const struct listener *listener, int *fd, struct address *peer)
{
    struct sockaddr_storage from;
    socklen_t length = sizeof from;
    if (listener->family == AF_UNSPEC)
        return handover_accept(listener, fd, peer);
    int accepted = descriptor_above_standard(
        accept4(listener->fd, (struct sockaddr *)&from, &length, SOCK_CLOEXEC));
    if (accepted < 0)
        return listener_classify(errno);
    if (listener->family == AF_UNIX)
        name_unix_peer(accepted, peer);
    else
        address_from_sockaddr(peer, (const struct sockaddr *)&from);
    *fd = accepted;
    return ACCEPT_CONNECTION;
}

/* accept(2): "pending network errors on the new socket" are that connection's, so are an abort
 * before we came and a firewall's refusal. An error nobody has thought of pauses: it can neither
 * spin nor end the service. */
enum accept_verdict listener_classify(int error)
{
    switch (error) {
    case EAGAIN:
#if EWOULDBLOCK != EAGAIN
    case EWOULDBLOCK:
#endif
        return ACCEPT_NOTHING;
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case EPERM:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
    case ETIMEDOUT:
    case ECONNRESET:
        return ACCEPT_GO_ON;
    case EBADF:
    case EINVAL:
    case ENOTSOCK:
    case EFAULT:
        return ACCEPT_BROKEN;
    default:
        return ACCEPT_PAUSE;
    }
}
