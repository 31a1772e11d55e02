/* worker_fork.pml - model of worker_fork.c and, of watch.c, watch_reap().
 *
 * See slot_table.pml. This is what ci/proofs hands to Spin for mode fork. A child may end at any
 * moment, also before its parent knows of it. The host leaves our children alone, or the system
 * reaps them for it (SIGCHLD is ignored); a pidfd may be refused, but, where the system reaps, only
 * because the child is gone: that both happen at once is not promised to go well. */
#define MODE_FORK
#include "slot_table.pml"

#define ALIVE  1
#define ZOMBIE 2
#define GONE   3 /* its number may be another process's */

bool system_reaps;

/* For the assertions: children are 1, 2, 3 ... and never come again. */
byte children;
byte process[CONNECTIONS + 2];
bool has_term[CONNECTIONS + 2]; /* SIGTERM is pending or was taken */
bool has_kill[CONNECTIONS + 2];

#define has_ended(which) (slots[which].worker != 0 && process[slots[which].worker] >= ZOMBIE)
#define is_readable(which) (slots[which].pidfd && has_ended(which))
#define is_to_be_polled(which) (slots[which].unwatched && has_ended(which))
#define worker_has_event                                                                           \
    (is_readable(0) || is_readable(SLOTS - 1) || is_to_be_polled(0) || is_to_be_polled(SLOTS - 1))
#define worker_has_seen (sees_first || sees_last)

/* Events that epoll_wait(2) has returned: of the first slot's child and of the last slot's. */
bool sees_first, sees_last, any;
bool first_generation, last_generation;

inline worker_init()
{
    if
    :: system_reaps = true
    :: system_reaps = false
    fi
}

inline worker_see_events()
{
    sees_first = is_readable(0);
    first_generation = slots[0].generation;
    sees_last = (SLOTS > 1 && is_readable(SLOTS - 1));
    last_generation = slots[SLOTS - 1].generation
}

/* copy_slot(), fork(2), hand_over(), close(2), watch(). WITH_PROGRAM: the child becomes a program, and
 * the server keeps its copy of the connection. */
inline worker_start(which, is_begun)
{
    atomic {
        if
        :: is_begun = false
        :: is_alive < WORKERS ->
            is_alive++;
            children++;
            process[children] = ALIVE;
            run child_main(children);
            is_begun = true
        fi
    };
    if
    :: is_begun ->
#ifdef WITH_PROGRAM
        slot_table_share(which, children);
#else
        slot_table_hand_over(which, number, children);
#endif
#if !defined(WITH_PROGRAM) && !defined(WRONG_PARENT_KEEPS_ITS_COPY)
        atomic { descriptor_close(number, slots[which].conn) };
#endif
        number = NONE;
        watch(which)
    :: else
    fi
}

/* pidfd_open(2) */
inline watch(which)
{
    atomic {
        slots[which].gone = false;
        if
        :: slots[which].pidfd = true
        :: !system_reaps || process[slots[which].worker] == GONE ->
#ifndef WRONG_UNWATCHED_FORGOTTEN
            slots[which].unwatched = true;
#endif
#ifndef WRONG_KILL_AFTER_ESRCH
            slots[which].gone = (process[slots[which].worker] == GONE)
#else
            skip
#endif
        fi
    }
}

/* request_stop(), under the lock that its caller has. By number only while nobody has reaped it. */
inline worker_request_stop(which, force)
{
    assert(slots[which].worker != 0);
#ifdef WITH_PROGRAM
    descriptor_shutdown(slots[which].fd, slots[which].conn);
#endif
#ifdef WRONG_KILL_BY_NUMBER
    assert(process[slots[which].worker] != GONE);
#else
    assert(slots[which].pidfd || slots[which].gone || process[slots[which].worker] != GONE);
#endif
    if
    :: process[slots[which].worker] != ALIVE
#ifndef WRONG_NEVER_FORCED
    :: process[slots[which].worker] == ALIVE && force -> has_kill[slots[which].worker] = true
#else
    :: process[slots[which].worker] == ALIVE && force
#endif
    :: process[slots[which].worker] == ALIVE && !force -> has_term[slots[which].worker] = true
    fi
}

/* Of a program's connection. */
inline end_copy(which)
{
#ifdef WITH_PROGRAM
    slot_table_take(which, number);
#ifndef WRONG_PROGRAM_COPY_KEPT
    atomic { descriptor_close(number, slots[which].conn) };
#endif
    number = NONE
#else
    slot_table_take(which, number);
    assert(number == NONE)
#endif
}

/* watch_reap(), reap() */
inline reap(which)
{
    if
    :: has_ended(which) ->
#ifdef WRONG_RELEASE_WITHOUT_REAP
        slot_table_take(which, number);
        number = NONE;
        slots[which].pidfd = false;
        slots[which].unwatched = false;
        slot_table_release(which, 0);
#else
        atomic { /* waitid(2); ECHILD where the system was first */
            process[slots[which].worker] = GONE;
            slots[which].pidfd = false;
            slots[which].unwatched = false
        };
        end_copy(which);
        slot_table_release(which, 0);
#endif
        any = true
    :: else
    fi
}

#define is_in_use(which) (slots[which].state == ACTIVE || slots[which].state == STOPPING)

inline after_reaping()
{
    if
    :: any -> any = false; after_release()
    :: else
    fi
}

inline worker_on_event()
{
    if
    :: sees_first ->
        sees_first = false;
        if
        :: is_in_use(0) && slots[0].generation == first_generation -> reap(0)
        :: else
        fi
    :: sees_last ->
        sees_last = false;
        if
        :: is_in_use(SLOTS - 1) && slots[SLOTS - 1].generation == last_generation -> reap(SLOTS - 1)
        :: else
        fi
    fi;
    after_reaping()
}

/* watch_reap_unwatched() */
inline worker_poll()
{
    if
    :: slots[0].unwatched -> reap(0)
    :: else
    fi;
    if
    :: SLOTS > 1 && slots[SLOTS - 1].unwatched -> reap(SLOTS - 1)
    :: else
    fi;
    after_reaping()
}

inline worker_after_check()
{
    skip
}

inline worker_settle()
{
    atomic {
        do
        :: children > 0 -> assert(process[children] == GONE); children--
        :: else -> break
        od
    }
}

byte is_alive;

#include "accept_loop.pml"

/* A child: serves, and ends by itself, with an error or without; or not before SIGTERM; or not before
 * SIGKILL. */
proctype child_main(byte self)
{
#ifdef SILENT
    if
    :: skip
    :: skip -> has_term[self] || has_kill[self]
    :: skip -> has_kill[self]
    fi;
#endif
    atomic {
        is_alive--;
        has_term[self] = false;
        has_kill[self] = false;
        if
        :: system_reaps -> process[self] = GONE
        :: else -> process[self] = ZOMBIE
        fi
    }
}
