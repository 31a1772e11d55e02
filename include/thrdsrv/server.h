/* thrdsrv/server.h - a TCP server that gives every connection a worker of its own.
 *
 *     struct thrdsrv_config config = THRDSRV_CONFIG_INIT;
 *     struct thrdsrv_server *server;
 *     config.handler = &thrdsrv_echo;
 *     config.log = thrdsrv_log_stderr;
 *     if (thrdsrv_server_create(&config, &server) == 0) {
 *         thrdsrv_server_run(server);     // until somebody calls thrdsrv_server_quiesce()
 *         thrdsrv_server_destroy(server);
 *     }
 *
 * This header is all that a program includes; config.h says how a server can be, conn.h what a
 * blocking handler can do, handler.h what a handler without sockets is, observe.h what can be seen.
 *
 * One thread, the one in thrdsrv_server_run() or the one that thrdsrv_server_start() makes, accepts
 * connections into a fixed table of slots and does all control work: timeouts, reaping of children,
 * drain. It is "the run() thread" below. Each connection is served by a detached POSIX thread (mode
 * thread; it may serve the slot's next connection too, see config.park_ms), a child process (mode
 * fork), or by the run() thread itself, one at a time (mode inline).
 *
 * What the host program may rely on. The library changes no signal disposition, raises no SIGPIPE,
 * never ends or aborts the process for anything that a client or the host does (a broken invariant
 * of its own it reports on standard error, and aborts: going on would hand out wrong bytes), prints
 * otherwise only through config.log, and reaps and signals only its own children. Servers share no
 * state: any number of them may run in one process, each in a mode of its own, created, run and
 * destroyed by any threads. Worker threads and start()'s thread block all signals but those of
 * faults, so signals find the host's threads; SIGCHLD is as in the thread that called run() or
 * start(). No pointer may be NULL where nothing is said of it.
 *
 * Mode fork in a program that has other threads. fork(2) copies the calling thread alone; a lock
 * that another thread held at that moment is held in the child for ever. From fork to _exit a child
 * runs our code, which takes no lock and calls only functions that are async-signal-safe or touch
 * nothing but their arguments (snprintf(3), inet_ntop(3), time(2)), and the service. So
 * - with a sans-I/O handler (config.handler) no child can be stuck, whatever the host's threads do;
 * - a blocking handler (config.serve) and on_start may use malloc(3) and stdio streams of their own
 *   (glibc's fork() and musl's, since 1.2.2, leave both usable), and must not take locks that other
 *   threads of the host take: these include stdout's and stderr's where threads print, and what
 *   getaddrinfo(3), syslog(3) or localtime(3) lock inside.
 * fork(2) itself waits in glibc for a thread that is in fflush(NULL) or exit(3), and so do all
 * clients when that thread is stuck there. A child runs no atexit(3) function and flushes no
 * stream; pthread_atfork(3) handlers of the host do run. It holds 0, 1, 2 and its connection, no
 * other descriptor. It has the signal mask of the thread that called run() or start(), without
 * SIGTERM, which ends its connection, and without faults; what the host handles is ignored, faults
 * and SIGCHLD are at their default. It ends with its parent. None of the parent's servers can be
 * used in it: what is asked of them there is refused or has no effect. The same holds for a child
 * that the host forks by itself while a server runs; one that has not run yet may move there
 * (daemon(3)).
 * Each child that ends sends SIGCHLD, as any child does: a host that handles it gets it on the
 * run() thread, unless it is blocked there; one that neither handles nor blocks it notices nothing.
 * wait(2) and waitpid(-1) of the host find children of ours too, whose exit status our log then
 * lacks; a host with children of its own waits for them by number.
 */
#ifndef THRDSRV_SERVER_H
#define THRDSRV_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include <thrdsrv/config.h>
#include <thrdsrv/conn.h>
#include <thrdsrv/error.h>
#include <thrdsrv/export.h>
#include <thrdsrv/handler.h>
#include <thrdsrv/observe.h>
#include <thrdsrv/version.h>

#ifdef __cplusplus
extern "C" {
#endif

struct thrdsrv_server;

/* Checks the configuration, binds and listens; nothing is accepted yet, but from here on the
 * kernel's backlog takes connections. On success *server is the caller's, to be given to
 * thrdsrv_server_destroy(). The configuration is copied, and the strings in it too.
 * Returns 0, or E_INVALID, E_MEMORY, E_SYSTEM, E_UNSUPPORTED with *server NULL; config->log has
 * then got one line of level ERROR that names the cause and the remedy (unless config->size is
 * too small to hold a log). Any thread. */
THRDSRV_API int thrdsrv_server_create(const struct thrdsrv_config *config,
                                      struct thrdsrv_server **server);

/* Writes the address that listener number index (0, 1 …) is bound to as text, e.g.
 * "127.0.0.1:43211", with the port that the kernel chose. Returns its length, or E_INVALID past
 * the last listener or where size is too small (128 always suffices). Any thread.
 * "localhost:PORT" and ":PORT" make two listeners where the machine has both families. */
THRDSRV_API int thrdsrv_server_address(const struct thrdsrv_server *server, size_t index, char *buf,
                                       size_t size);

/* The descriptor at which listener number index (as above) accepts, for a process that is to accept
 * there too: a newer version of the program, which gets it as "fd:N" or "fd:N,alone" and then
 * makes thrdsrv_server_hand_over() possible. It stays the server's: duplicate it, and do nothing
 * else with it. Returns E_INVALID past the last listener and in a child process of mode fork,
 * E_STOPPED where the listeners are closed. Before run(), or on the run() thread (in
 * config.on_call): elsewhere they may be closed at that moment. */
THRDSRV_API int thrdsrv_server_listener(struct thrdsrv_server *server, size_t index);

/* Serves until the server has stopped; once in a server's life. Blocks. When it returns, the
 * listeners are closed, every connection has ended, and no worker thread or child of this server is
 * left: it is safe to destroy the server and to unload the library. A handler that does not return
 * keeps run() from returning.
 * Returns 0 (thrdsrv_server_stats() tells whether connections were cut); E_SYSTEM with errno when
 * the server had to give up by itself; E_INVALID where it ran already. In mode fork no signal
 * disposition is changed, but a process that ignores SIGCHLD loses the exit status of its children,
 * and so does our log. */
THRDSRV_API int thrdsrv_server_run(struct thrdsrv_server *server);

/* The same in a thread of its own; returns when that thread exists. Returns 0, E_SYSTEM with errno
 * when there is no thread to be had (the server may be started again), E_INVALID where it ran
 * already. Any thread. */
THRDSRV_API int thrdsrv_server_start(struct thrdsrv_server *server);

/* Waits until a server that was started has stopped, and its thread is gone. Returns what run()
 * returned there, errno included. E_INVALID at once where start() has not returned, where it has
 * been waited for or another thread is waiting for it, and in a handler or hook of this server,
 * which would wait for itself. Any other thread. */
THRDSRV_API int thrdsrv_server_wait(struct thrdsrv_server *server);

/* Requests; each returns at once and is carried out by the run() thread. Safe in any thread, in a
 * handler and in a signal handler (they change errno for nobody), before run() too; not after
 * destroy. In a child process of mode fork they have no effect.
 * quiesce: let nobody in any more; let the connections end within drain_ms, those included that the
 *          kernel has let in or that were handed over, and wait for a slot; cut the rest.
 * stop:    accept no more, cut the running connections now.
 * dump:    log the slot table and the counters, level NOTICE.
 * call:    call config.on_call, if there is one; of several that come together one is enough.
 * hand_over: quiesce, for listeners at which another process accepts by now (see
 *          thrdsrv_server_listener()): socket files stay, and who waits in a backlog is its. */
THRDSRV_API void thrdsrv_server_quiesce(struct thrdsrv_server *server);
THRDSRV_API void thrdsrv_server_stop(struct thrdsrv_server *server);
THRDSRV_API void thrdsrv_server_dump(struct thrdsrv_server *server);
THRDSRV_API void thrdsrv_server_call(struct thrdsrv_server *server);
THRDSRV_API void thrdsrv_server_hand_over(struct thrdsrv_server *server);

/* Gives the server other rules than those of config.rules, or of the call before: all of them, or
 * none where it fails. Connections that are served already stay; of those whose accept(2) comes
 * after the return none is judged by the old rules. count 0: everybody may connect. Nothing of
 * what is passed is kept. Any thread, a handler, a hook; before run() too. Takes time for sorting
 * them (10,000: some milliseconds), and blocks nobody meanwhile.
 * Returns 0; E_INVALID where a network is none, after a log line of level ERROR that names it,
 * where there are more than THRDSRV_RULES_MAX, and in a child process of mode fork; E_MEMORY. */
THRDSRV_API int thrdsrv_server_set_rules(struct thrdsrv_server *server,
                                         const struct thrdsrv_rule *rules, size_t count);

/* Whether a text is a network as config.rules and config.reserve_networks want it. Returns NULL, or
 * what is wrong with it and what is allowed, in static storage. Any thread. */
THRDSRV_API const char *thrdsrv_network_check(const char *text);

/* Hands over a connection that the host accepted, or one end of a socketpair(2): it gets a slot and
 * a worker as if the server had accepted it, waits where all slots are taken, and is refused where
 * the policy is to refuse. fd must be a stream socket, and config.adopt true. Any thread, a handler
 * too; before run() too; does not block.
 * Returns 0: the descriptor is the server's now, which will set close-on-exec, blocking mode,
 * TCP_NODELAY and keepalive as the configuration has them. Otherwise it is still the caller's:
 * E_INVALID (no stream socket, config.adopt is false, a child process of mode fork), E_STOPPED (the
 * server accepts no more), E_FULL (16384 adopted connections wait already, fewer where the system's
 * limit for pipes is low), E_SYSTEM with errno.
 * A connection that still waits for its slot when the server stops, or is destroyed before run(),
 * is closed unserved, as those in a listener's backlog are, and counted nowhere; the log says how
 * many there were. */
THRDSRV_API int thrdsrv_server_adopt(struct thrdsrv_server *server, int fd);

/* Gives everything back; NULL is allowed. A server that was started is stopped and waited for
 * first; the quiesce, stop or dump that made it stop may still be on its way back to its caller,
 * and is waited for. No other call may be under way. Nothing is given back while run() runs or
 * another thread is in wait(), in a handler or hook of the server (the log then says so, once), and
 * in a child process. Before run() is fine. */
THRDSRV_API void thrdsrv_server_destroy(struct thrdsrv_server *server);

/* Whether this build of the library can run the mode. */
THRDSRV_API bool thrdsrv_mode_supported(enum thrdsrv_mode mode);

/* A thrdsrv_log_fn that writes to standard error: "time=2026-11-21T05:06:16.949Z level=notice " and
 * the line, in one write(2), so that lines of several threads do not mix. A line that cannot be
 * written is lost, which the next that can be written begins with ("log lines lost", lines=N); that
 * raises neither SIGPIPE nor SIGXFSZ. user is not used. */
THRDSRV_API void thrdsrv_log_stderr(void *user, enum thrdsrv_log_level level, const char *line);

#ifdef __cplusplus
}
#endif

#endif
