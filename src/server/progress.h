/* progress.h - what a worker lets the accept loop see of its connection while it works.
 *
 * One per slot, in memory that a forked child shares with its parent, so that thread and fork
 * mode are watched by the same code: the worker writes how many bytes it has moved and what it
 * waits for, the loop reads that for timeouts, the dump and the end line; the loop writes the
 * reason before it wakes a worker that it cuts.
 *
 * Every access is an atomic read-modify-write: with plain atomic loads and stores Helgrind, which
 * knows nothing of C11 atomics, reports races that are none. They cost a few nanoseconds an
 * exchange. A cache line each: two workers never write to the same one. */
#ifndef SERVER_PROGRESS_H
#define SERVER_PROGRESS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <thrdsrv/observe.h>

struct progress {
    _Alignas(64) _Atomic uint64_t bytes_in;
    _Atomic uint64_t bytes_out;
    _Atomic uint64_t moved_ms;  /* CLOCK_MONOTONIC, when the last byte was; 0: none was */
    _Atomic uint64_t waiting;   /* ms of CLOCK_MONOTONIC since when, * 4 + enum thrdsrv_wait */
    _Atomic uint64_t waited_ms; /* waited for its peer before that; for the minimum rate */
    _Atomic int cut;            /* enum thrdsrv_end_reason; NONE until the connection is cut */
    _Atomic int ended;          /* the same; NONE until the service is over */
    _Atomic int error;          /* the errno that goes with THRDSRV_END_NO_PROGRAM */
};

static inline uint64_t progress_read(_Atomic uint64_t *value)
{
    return atomic_fetch_add_explicit(value, 0, memory_order_acq_rel);
}

static inline void progress_add(_Atomic uint64_t *value, uint64_t count)
{
    atomic_fetch_add_explicit(value, count, memory_order_acq_rel);
}

/* So many bytes, in or out, have moved now. */
static inline void progress_move(struct progress *progress, _Atomic uint64_t *bytes, size_t count,
                                 int64_t now_ms)
{
    progress_add(bytes, count);
    atomic_exchange_explicit(&progress->moved_ms, (uint64_t)now_ms, memory_order_acq_rel);
}

static inline void progress_set(_Atomic uint64_t *value, uint64_t to)
{
    atomic_exchange_explicit(value, to, memory_order_acq_rel);
}

static inline void progress_wait(struct progress *progress, enum thrdsrv_wait what,
                                 int64_t since_ms)
{
    atomic_exchange_explicit(&progress->waiting, (uint64_t)since_ms << 2 | (uint64_t)what,
                             memory_order_acq_rel);
}

static inline enum thrdsrv_wait progress_waiting(struct progress *progress, int64_t *since_ms)
{
    uint64_t value = progress_read(&progress->waiting);
    *since_ms = (int64_t)(value >> 2);
    return (enum thrdsrv_wait)(value & 3);
}

/* A child that runs wild can write here whatever it likes: what is no reason is an error. */
static inline enum thrdsrv_end_reason progress_reason(_Atomic int *value)
{
    int reason = atomic_fetch_add_explicit(value, 0, memory_order_acq_rel);
    return reason >= THRDSRV_END_NONE && reason <= THRDSRV_END_NO_PROGRAM
               ? (enum thrdsrv_end_reason)reason
               : THRDSRV_END_ERROR;
}

static inline enum thrdsrv_end_reason progress_cut(struct progress *progress)
{
    return progress_reason(&progress->cut);
}

static inline enum thrdsrv_end_reason progress_ended(struct progress *progress)
{
    return progress_reason(&progress->ended);
}

static inline void progress_set_ended(struct progress *progress, enum thrdsrv_end_reason reason)
{
    atomic_exchange_explicit(&progress->ended, (int)reason, memory_order_acq_rel);
}

static inline void progress_set_error(struct progress *progress, int error)
{
    atomic_exchange_explicit(&progress->error, error, memory_order_acq_rel);
}

static inline int progress_error(struct progress *progress)
{
    return atomic_fetch_add_explicit(&progress->error, 0, memory_order_acq_rel);
}

/* The first reason stays: a connection is cut once. Async-signal-safe. */
static inline void progress_set_cut(struct progress *progress, enum thrdsrv_end_reason reason)
{
    int none = THRDSRV_END_NONE;
    atomic_compare_exchange_strong(&progress->cut, &none, (int)reason);
}

static inline void progress_reset(struct progress *progress)
{
    atomic_exchange(&progress->bytes_in, 0);
    atomic_exchange(&progress->bytes_out, 0);
    atomic_exchange(&progress->moved_ms, 0);
    atomic_exchange(&progress->waiting, 0);
    atomic_exchange(&progress->waited_ms, 0);
    atomic_exchange(&progress->cut, THRDSRV_END_NONE);
    atomic_exchange(&progress->ended, THRDSRV_END_NONE);
    atomic_exchange(&progress->error, 0);
}

#endif
