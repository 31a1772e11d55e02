/* worker_thread.pml - model of worker_thread.c and, of worker.c, worker_run().
 *
 * See slot_table.pml. This is what ci/proofs hands to Spin for mode thread. */
#include "slot_table.pml"

#define worker_has_event false
#define worker_has_seen  false

bool parks; /* config.park_ms */

/* For the assertions: bits of the threads that there are. tgkill(2) says ESRCH for the others. */
byte threads;
#define bit_of(thread) (1 << (thread))

#ifdef WITH_PROGRAM
/* The process that a slot's worker waits for. */
bool is_told[SLOTS];   /* SockInfo.process: whoever cuts may signal it */
bool is_reaped[SLOTS]; /* its number may be another process's */
bool has_term[SLOTS];
#endif

#ifdef WRONG_SHUTDOWN_WITHOUT_LOCK
byte late_number = NONE, late_connection;
#endif

inline worker_init()
{
    if
    :: parks = true
    :: parks = false
    fi
}

inline worker_see_events()
{
    skip
}

inline worker_on_event()
{
    skip
}

inline worker_poll()
{
    skip
}

inline worker_after_check()
{
#ifdef WRONG_SHUTDOWN_WITHOUT_LOCK
    if
    :: late_number != NONE ->
        atomic { descriptor_shutdown(late_number, late_connection); late_number = NONE }
    :: else
    fi
#else
    skip
#endif
}

/* pthread_create(3): fails where there are as many as there may be, or just so. */
inline thread_create(which, is_created)
{
    atomic {
        if
        :: is_created = false
        :: threads != 2 * (bit_of(WORKERS) - 1) ->
            i = 1;
            do
            :: threads & bit_of(i) -> i++
            :: else -> break
            od;
            threads = threads | bit_of(i);
            run thread_main(which, i);
            i = 0;
            is_created = true
        fi
    }
}

/* start() */
inline worker_start(which, is_begun)
{
    if
    :: slots[which].has_parked ->
        atomic { slots[which].has_parked = false; slots[which].call++; is_begun = true }
    :: !slots[which].has_parked -> thread_create(which, is_begun)
    fi
}

/* request_stop(), under the lock that its caller has */
inline worker_request_stop(which, force)
{
    if
#ifdef WRONG_SHUTDOWN_WITHOUT_LOCK
    :: slots[which].fd != NONE ->
        late_number = slots[which].fd;
        late_connection = slots[which].conn
#else
    :: slots[which].fd != NONE -> descriptor_shutdown(slots[which].fd, slots[which].conn)
#endif
    :: else
    fi;
#ifdef WITH_PROGRAM
    if
    :: is_told[which] -> assert(!is_reaped[which]); has_term[which] = true
    :: else
    fi
#endif
}

/* Where it is done: wait_until_gone() of the thread that the slot names. */
#define last_is_gone(which) (slots[which].departed == 0 || !(threads & bit_of(slots[which].departed)))

/* settle(): all are told to go before the first is waited for. */
inline worker_settle()
{
    do
    :: s < SLOTS ->
        slot_table_dismiss(s, is_started);
        if
        :: is_started -> slots[s].call++
        :: else
        fi;
        s++
    :: else -> s = 0; break
    od;
#ifndef WRONG_SETTLE_WITHOUT_WAITING
    do
    :: s < SLOTS && last_is_gone(s) -> s++
    :: s == SLOTS -> s = 0; break
    od;
#endif
    assert(threads == 0)
}

#include "accept_loop.pml"

#ifdef WITH_PROGRAM
/* posix_spawn(3), slot_table_set_process(), wait_for_end(), slot_table_forget_process(), waitid(2). A
 * cut that came before the process was told is the worker's to pass on. */
inline program_run()
{
    is_reaped[s] = false;
    has_term[s] = false;
    atomic {
        is_told[s] = true;
        has_term[s] = (slots[s].state == STOPPING)
    };
#ifdef SILENT
    has_term[s];
#endif
#ifndef WRONG_PROGRAM_REAPED_FIRST
    is_told[s] = false;
    is_reaped[s] = true
#else
    is_reaped[s] = true;
    is_told[s] = false
#endif
}
#endif

/* worker_serve() ends by itself; with SILENT also not before it is cut. Then the fd is ours still,
 * whoever has looked at it meanwhile. */
inline worker_run()
{
#ifdef WITH_PROGRAM
    program_run();
#elif defined(SILENT)
    if
    :: skip
    :: skip -> is_shut[number]
    fi;
#endif
#ifdef WRONG_CLOSE_BEFORE_TAKE
    atomic { connection = slots[s].conn; descriptor_close(number, connection) };
    atomic { slot_table_take(s, number); serving[s]-- };
#else
    atomic { connection = slots[s].conn; slot_table_take(s, other); other = 0; serving[s]-- };
    atomic { descriptor_close(number, connection) };
#endif
    connection = 0;
    number = NONE
}

/* Called, or it leaves when it has waited long enough. A semaphore that can be had is had, however
 * late it is (sem_timedwait(3)); the call may come between that and the lock. */
inline next_connection()
{
    do
    :: atomic { slots[s].call > 0 -> slots[s].call--; slot_table_activate(s, number, self) };
        break
    :: slots[s].call == 0 ->
        slot_table_leave(s, self, leaves);
        if
        :: leaves -> break
        :: else
        fi
    od
}

/* The end of a thread, as the kernel sees it. Who would wait for it need not any more: so histories
 * that differ in nothing else are one. */
inline thread_end()
{
    atomic {
        threads = threads & (255 - bit_of(self));
        i = 0;
        do
        :: i < SLOTS ->
            if
            :: slots[i].departed == self -> slots[i].departed = 0
            :: else
            fi;
            i++
        :: else -> i = 0; break
        od
    }
}

/* wait_for_last(), and then park or release: that wait and the lock are one step. */
inline give_back()
{
    if
#ifndef WRONG_FREE_WITH_TWO_TO_WAIT_FOR
    :: atomic { parks && last_is_gone(s) -> slot_table_park(s, self) }; next_connection()
    :: atomic { !parks && last_is_gone(s) -> slot_table_release(s, self) }
#else
    :: parks -> slot_table_park(s, self); next_connection()
    :: !parks -> slot_table_release(s, self)
#endif
    fi
}

proctype thread_main(byte s, self)
{
    byte number = NONE, connection, i, other;
    bool leaves;

    slot_table_activate(s, number, self);
    do
    :: number != NONE -> worker_run(); give_back()
    :: else -> break
    od;
    thread_end()
}
