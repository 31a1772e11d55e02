/* slot_table.pml - model of slot_table.c, and of what the kernel knows of descriptors.
 *
 * Promela, for Spin (ci/proofs). An inline here has the name of the function that it models, and a
 * file the name of its file:
 *
 *     slot_table.pml     the table and its transitions; the descriptors, whose numbers come again
 *     accept_loop.pml    the loop, requests from outside, drain and stop, timeouts (watch.c),
 *                        connections handed over (handover.c), run() and destroy() (server.c)
 *     worker_thread.pml  mode thread, the model that Spin is given: includes the two above
 *     worker_fork.pml    mode fork, the same
 *
 * What is one step here:
 * - All that is done under the table's lock, from lock to unlock: one atomic. That nothing of the
 *   table is touched without the lock is what clang's -Wthread-safety shows, so no other thread can
 *   see the middle of it.
 * - A system call; a read-modify-write of an atomic word.
 * All else that two threads can see apart is two steps.
 *
 * What is left out, because nothing turns on it: counters but `active`, the log, the addresses, how
 * long anything takes (whatever can be late may come at any moment), and that a thread id comes again
 * (departed_at_ns; tests/unit/test_slot_table.c).
 *
 * Built with one macro of those that begin with WRONG the model has a fault that the code could have had; ci/proofs wants
 * each of them found. */
#ifndef SLOTS
#define SLOTS 2
#endif
#ifndef CONNECTIONS
#define CONNECTIONS 3 /* that come by a listener */
#endif
#ifndef WORKERS
#define WORKERS 3 /* threads or children at once; then the system refuses */
#endif

#define DESCRIPTORS (SLOTS + 2)       /* one to refuse, one that is handed over */
#define NONE        255

mtype = { FREE, RESERVED, ACTIVE, STOPPING };

typedef sockinfo {
    mtype state = FREE;
    byte fd = NONE;
    byte worker;
    byte parked;
    bool dismissed;
    byte departed;
    bool has_parked;
    byte call; /* the semaphore */
    bool cut;  /* progress.cut */
    byte conn; /* which connection it is: for the assertions */
#ifdef MODE_FORK
    bool generation; /* one bit is enough to tell a use from the next */
    bool pidfd;
    bool unwatched;
    bool gone;
#endif
};
sockinfo slots[SLOTS];

chan parked_list = [SLOTS] of { byte }; /* slot_table.parked: last in, first out */
chan empty_list = [SLOTS] of { byte }; /* slot_table.empty: first in, first out */
byte in_use;
bool wake_wanted;
bool draining;
bool wakeup; /* the eventfd is readable */

/* For the assertions. */
byte opened[DESCRIPTORS];  /* the connection that the number stands for; 0: it is closed */
bool is_shut[DESCRIPTORS]; /* shutdown(2) */
byte serving[SLOTS];       /* workers that are at work for the slot */
bool returned;             /* run() has */
bool destroyed;

#define is_known(connection)                                                                       \
    (opened[0] == connection || opened[1] == connection || opened[DESCRIPTORS - 2] == connection || \
     opened[DESCRIPTORS - 1] == connection || slots[0].conn == connection ||                       \
     slots[SLOTS - 1].conn == connection)

/* accept4(2): the lowest number that is free. A connection is known by the lowest number that no
 * other has, open or in a slot: so histories that differ in nothing else are one. */
inline descriptor_open(number, connection)
{
    connection = 1;
    do
    :: is_known(connection) -> connection++
    :: else -> break
    od;
    number = 0;
    do
    :: opened[number] != 0 -> number++
    :: else -> break
    od;
    opened[number] = connection
}

/* close(2): by the owner, once. Whoever comes late meets somebody else's connection, or none. */
inline descriptor_close(number, connection)
{
    assert(number != NONE && connection != 0 && opened[number] == connection);
    opened[number] = 0;
    is_shut[number] = false
}

/* shutdown(2), as far as it concerns the connection that is meant. */
inline descriptor_shutdown(number, connection)
{
    assert(connection != 0 && opened[number] == connection);
    is_shut[number] = true
}

/* After run() has returned the table may be gone. */
inline touch_table()
{
    assert(!returned)
}

inline wakeup_send()
{
    assert(!destroyed);
    wakeup = true
}

inline slot_table_init(i)
{
    i = 0;
    do
    :: i < SLOTS -> empty_list!i; i++
    :: else -> i = 0; break
    od
}

/* list_prepend(): behind it, and all the others behind that. */
inline list_prepend(list, s, i, other)
{
    i = len(list);
    list!s;
    do
    :: i > 0 -> list?other; list!other; i--
    :: else -> other = 0; break
    od
}

inline slot_table_reserve(s)
{
    atomic {
        touch_table();
        if
        :: nempty(parked_list) -> parked_list?s
        :: empty(parked_list) && nempty(empty_list) -> empty_list?s
        :: empty(parked_list) && empty(empty_list) ->
            s = NONE;
#ifndef WRONG_FULL_WITHOUT_A_WISH
            wake_wanted = true
#endif
        fi;
        if
        :: s != NONE ->
            assert(slots[s].state == FREE && slots[s].fd == NONE);
            slots[s].state = RESERVED;
            slots[s].has_parked = (slots[s].parked != 0)
        :: else
        fi
    }
}

inline slot_table_unreserve(s)
{
    atomic {
        assert(slots[s].state == RESERVED && slots[s].fd == NONE);
        slots[s].state = FREE;
        slots[s].has_parked = false;
        if
        :: slots[s].parked != 0 -> list_prepend(parked_list, s, i, other)
        :: else -> list_prepend(empty_list, s, i, other)
        fi
    }
}

inline slot_table_book(s, number, connection)
{
    atomic {
        assert(slots[s].state == RESERVED && slots[s].fd == NONE);
        slots[s].fd = number;
        slots[s].cut = false;
        slots[s].conn = connection;
#ifdef MODE_FORK
        slots[s].generation = !slots[s].generation;
#endif
        in_use++
    }
}

/* number: NONE where the caller has been dismissed. */
inline slot_table_activate(s, number, self)
{
    atomic {
        touch_table();
        if
        :: slots[s].dismissed -> number = NONE
        :: else ->
            assert(slots[s].state == RESERVED && slots[s].fd != NONE);
            slots[s].state = ACTIVE;
            slots[s].worker = self;
            slots[s].parked = 0;
            number = slots[s].fd;
            serving[s]++;
            assert(serving[s] == 1)
        fi
    }
}

inline slot_table_hand_over(s, number, child)
{
    atomic {
        assert(slots[s].state == RESERVED && slots[s].fd != NONE);
        slots[s].state = ACTIVE;
        slots[s].worker = child;
        number = slots[s].fd;
        slots[s].fd = NONE
    }
}

inline slot_table_share(s, child)
{
    atomic {
        assert(slots[s].state == RESERVED && slots[s].fd != NONE);
        slots[s].state = ACTIVE;
        slots[s].worker = child
    }
}

/* Under the lock that its caller has. */
inline slot_table_cut(s)
{
    assert(slots[s].state == ACTIVE);
    slots[s].state = STOPPING;
    slots[s].cut = true
}

inline slot_table_take(s, number)
{
    atomic {
        touch_table();
        assert(slots[s].state != FREE);
        slots[s].state = STOPPING;
        number = slots[s].fd;
        slots[s].fd = NONE
    }
}

/* Under the lock that its caller has. */
inline free_slot(s)
{
    assert(slots[s].state == STOPPING && slots[s].fd == NONE);
    slots[s].state = FREE;
    slots[s].worker = 0;
    slots[s].conn = 0;
    slots[s].cut = false;
    assert(in_use > 0);
    in_use--;
    if
    :: wake_wanted -> wakeup_send()
    :: else
    fi;
    wake_wanted = false
}

inline slot_table_release(s, leaving)
{
    atomic {
        touch_table();
        free_slot(s);
        if
        :: leaving != 0 -> slots[s].departed = leaving
        :: else
        fi;
        empty_list!s
    }
}

inline slot_table_park(s, self)
{
    atomic {
        touch_table();
        free_slot(s);
        slots[s].departed = 0;
        slots[s].parked = self;
        list_prepend(parked_list, s, i, other)
    }
}

/* Under the lock that its caller has. */
inline empty_slot(s)
{
    assert(slots[s].state == FREE && slots[s].parked != 0);
    parked_list??eval(s);
    empty_list!s;
    slots[s].departed = slots[s].parked;
    slots[s].parked = 0
}

inline slot_table_leave(s, self, leaves)
{
    atomic {
        touch_table();
#ifdef WRONG_LEAVE_WHILE_RESERVED
        leaves = true;
#else
        leaves = (slots[s].state == FREE);
#endif
        if
        :: slots[s].state == FREE && slots[s].parked == self -> empty_slot(s)
        :: else
        fi
    }
}

inline slot_table_dismiss(s, dismissed_it)
{
    atomic {
#ifdef WRONG_DISMISS_WITHOUT_SAYING_SO
        dismissed_it = (slots[s].parked != 0);
#else
        slots[s].dismissed = (slots[s].parked != 0);
        dismissed_it = slots[s].dismissed;
#endif
        if
        :: dismissed_it -> empty_slot(s)
        :: else
        fi
    }
}

inline slot_table_want_wake()
{
    atomic { wake_wanted = true }
}

inline slot_table_begin_drain()
{
    atomic { draining = true }
}
