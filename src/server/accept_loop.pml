/* accept_loop.pml - model of accept_loop.c, and of those parts of other files that decide when it
 * goes on or ends: request(), run() and destroy() (server.c), watch.c, handover.c,
 * backlog.c.
 *
 * See slot_table.pml. The worker model, which includes this, has worker_start(), _request_stop(),
 * _settle(), and what is its own in a turn. Names in small letters that are nowhere declared here
 * are run_and_destroy()'s own.
 *
 * That a listener is sealed, and its backlog taken out, is no step of its own: those who come while
 * the loop drains are those, and others come too late, so that it may close at any time.
 *
 * Left out are connections that wait for their PROXY header (proxy_wait.c): no other thread knows
 * their descriptors, and they have no slot; to the model they are still to come. Of those who have
 * sent it and find no slot the first waits outside of the listener, which then is not polled: as if
 * it were the first there. */
#define SERVING  0
#define DRAINING 1
#define CUTTING  2
#define STOPPED  3

bool requested_quiesce, requested_stop;
byte requesting;
bool is_being_destroyed;

/* The loop is in epoll_wait(2), and is to hear of the next slot, or of the last. */
bool waits_for_slot, waits_for_last;

/* The loop does not look at the listeners for a while: so says the rate, or accept(2) ran short of
 * something. */
#ifdef WITH_PAUSES
bool is_paused;
#else
#define is_paused false
#endif

#define is_polling (phase <= DRAINING && is_open && !is_full && !is_paused)

#ifdef WITH_HANDOVER
chan pipe = [1] of { byte }; /* descriptors that are handed over */
bool is_handed_over;
#define has_arrival (to_come > 0 || nempty(pipe))
#else
#define has_arrival (to_come > 0)
#endif

inline backlog_reset()
{
#ifdef WITH_HANDOVER
    do
    :: atomic { pipe?number -> descriptor_close(number, opened[number]); number = NONE }
    :: empty(pipe) -> break
    od
#else
    skip
#endif
}

inline accept_loop_close_listeners()
{
    is_open = false;
    backlog_reset()
}

/* What was handed over is closed behind the moment from which on nothing else may come. */
inline begin_stop(to_phase)
{
    if
    :: phase >= to_phase
    :: else ->
#ifdef WRONG_PIPE_BEFORE_DRAIN
        if
        :: to_phase == CUTTING -> accept_loop_close_listeners()
        :: else
        fi;
        slot_table_begin_drain();
#else
        slot_table_begin_drain();
        if
        :: to_phase == CUTTING -> accept_loop_close_listeners()
        :: else
        fi;
#endif
        phase = to_phase
    fi
}

inline start_worker()
{
    worker_start(s, is_started);
    if
    :: is_started -> is_started = false
    :: !is_started ->
        slot_table_take(s, number);
        atomic { descriptor_close(number, slots[s].conn); number = NONE };
#ifdef WRONG_RELEASE_TWICE
        slot_table_release(s, 0);
#endif
        slot_table_release(s, 0)
    fi
}

/* listener_accept() or handover_accept(), admit_connection() and book(): for all others one step,
 * because the slot is the loop's until the lock of slot_table_book(). number is NONE where there was
 * nothing. Refused is whom there is no slot for, or the limits of its source, or the host. */
inline accept_and_book()
{
    atomic {
        if
        :: to_come > 0 -> to_come--; descriptor_open(number, connection)
#ifdef WITH_HANDOVER
        :: nempty(pipe) -> pipe?number; connection = opened[number]
#endif
        :: number = NONE
        fi;
        if
        :: number != NONE && s != NONE -> slot_table_book(s, number, connection)
#ifdef WITH_PAUSES
        :: number != NONE && s != NONE ->
            descriptor_close(number, connection);
#ifndef WRONG_REFUSED_KEEPS_ITS_SLOT
            slot_table_unreserve(s);
#endif
            s = NONE
#endif
        :: number != NONE && s == NONE -> descriptor_close(number, connection) /* refused */
        :: number == NONE && s != NONE -> slot_table_unreserve(s); s = NONE
        :: number == NONE && s == NONE
        fi;
        more = (number != NONE);
        number = NONE;
        connection = 0
    }
}

inline accept_one()
{
    slot_table_reserve(s);
    if
    :: s == NONE && waits_when_full -> is_full = true; more = false
    :: else ->
        accept_and_book();
        if
        :: s != NONE -> start_worker()
        :: s == NONE
        fi
    fi;
    s = 0
}

/* So many in a row, or fewer. */
inline accept_some()
{
    more = is_open;
    do
    :: more -> accept_one()
    :: more = false; break
#ifdef WITH_PAUSES
    :: more -> slot_table_want_wake(); is_paused = true; more = false; break /* ACCEPT_PAUSE */
    :: more -> is_paused = true; more = false; break                         /* ADMIT_LATER */
#endif
    od
}

inline end_pause()
{
#ifdef WITH_PAUSES
    is_paused = false
#else
    skip
#endif
}

/* The rate's pause goes on here, in the code; that accept_some() may pause at once is the same. */
inline after_release()
{
    if
    :: is_full || is_paused -> is_full = false; end_pause(); accept_some()
    :: else
    fi
}

/* One atomic exchange; then what was asked for. */
inline carry_out_requests()
{
    atomic {
        quiesces = requested_quiesce;
        stops = requested_stop;
        requested_quiesce = false;
        requested_stop = false
    };
    if
    :: quiesces -> begin_stop(DRAINING)
    :: else
    fi;
    if
    :: stops -> begin_stop(CUTTING)
    :: else
    fi;
    quiesces = false;
    stops = false
}

/* on_event(): TAG_WAKEUP */
inline on_wakeup()
{
#ifdef WRONG_CLEAR_AFTER_REQUESTS
    carry_out_requests();
    wakeup = false;
#else
    wakeup = false;
    carry_out_requests();
#endif
    after_release()
}

#ifdef WITH_HANDOVER
#define is_pipe_empty empty(pipe)
#else
#define is_pipe_empty true
#endif

/* Who was handed over is accepted to the last. */
inline drain_listeners()
{
    if
    :: is_open && !is_full && !is_paused -> accept_some()
    :: else
    fi;
    if
    :: is_open && is_pipe_empty -> is_open = false
    :: is_open && is_full /* some are taken out of the backlog, and wait */
    :: else
    fi
}

/* The wish comes before the look. */
inline advance_stop()
{
    if
    :: phase == DRAINING && is_drain_over -> begin_stop(CUTTING)
    :: else
    fi;
    if
    :: phase == DRAINING -> drain_listeners()
    :: else
    fi;
#ifdef WRONG_LOOK_BEFORE_WISH
    if
    :: in_use == 0 && !is_open -> phase = STOPPED
    :: else -> slot_table_want_wake()
    fi
#else
    slot_table_want_wake();
    if
#ifdef WRONG_PIPE_LEFT_BEHIND
    :: in_use == 0 -> phase = STOPPED
#else
    :: in_use == 0 && !is_open -> phase = STOPPED
#endif
    :: else
    fi
#endif
}

/* Under the lock that its caller has. is_due: a timeout of config's has passed; is_late: the grace
 * of one that was cut has. */
inline check_slot(which, is_due, is_late)
{
    if
    :: slots[which].state == ACTIVE && (phase == CUTTING || is_due) ->
        slot_table_cut(which);
        worker_request_stop(which, false)
    :: slots[which].state == STOPPING && slots[which].cut && is_late ->
        worker_request_stop(which, true)
    :: else
    fi
}

/* Whether a limit of the slot's may pass: a timeout, or the grace after a cut. */
#define has_limit(which)                                                                           \
    (slots[which].state == ACTIVE || (slots[which].state == STOPPING && slots[which].cut))

/* watch_check(): of the slots that have a limit one has reached it, any one. */
inline watch_check()
{
    atomic {
        if
        :: phase != CUTTING && has_limit(0) -> check_slot(0, true, true)
        :: phase != CUTTING && has_limit(SLOTS - 1) -> check_slot(SLOTS - 1, true, true)
        :: phase == CUTTING ->
            i = 0;
            do
            :: i < SLOTS -> check_slot(i, false, is_time); i++
            :: else -> i = 0; break
            od
        :: else
        fi
    }
}

/* epoll_wait(2), until an event comes or a limit has passed; it returns all the events that there
 * are. */
inline wait_for_events()
{
    atomic {
        waits_for_slot = is_full;
        waits_for_last = (phase >= DRAINING && !is_open)
    };
    atomic {
        if
        :: wakeup
        :: is_polling && has_arrival
        :: worker_has_event
        :: phase == DRAINING -> is_drain_over = true /* drain_until_ms */
        :: phase == DRAINING && is_open && !is_full && !is_paused /* once the handshakes are over */
        :: has_limit(0) || has_limit(SLOTS - 1) -> is_time = true
        :: phase == CUTTING && in_use > 0 -> is_time = true
        :: is_paused -> end_pause()
        fi;
        waits_for_slot = false;
        waits_for_last = false;
        sees_wakeup = wakeup;
        sees_listener = is_polling && has_arrival;
        worker_see_events()
    }
}

inline accept_loop_turn()
{
    wait_for_events();
    do /* on_event(), in any order */
    :: sees_wakeup -> sees_wakeup = false; on_wakeup()
    :: sees_listener -> sees_listener = false; accept_some()
    :: worker_has_seen -> worker_on_event()
    :: !sees_wakeup && !sees_listener && !worker_has_seen -> break
    od;
    worker_poll();
    if
    :: phase == DRAINING || phase == CUTTING -> advance_stop()
    :: else
    fi;
    if
    :: phase == CUTTING || (phase != STOPPED && is_time) -> watch_check()
    :: else
    fi;
    worker_after_check();
    is_time = false;
    is_drain_over = false
}

/* What must be so when run() returns. */
inline check_end()
{
    atomic {
        assert(in_use == 0 && len(parked_list) == 0 && len(empty_list) == SLOTS);
#ifdef WITH_HANDOVER
        assert(empty(pipe));
#endif
        i = 0;
        do
        :: i < DESCRIPTORS -> assert(opened[i] == 0 || opened[i] == of_host); i++
        :: else -> i = 0; break
        od;
        returned = true
    }
}

byte of_host; /* a connection that the host has not been rid of */

/* run(), then destroy(): its thread. */
active proctype run_and_destroy()
{
    byte phase, to_come = CONNECTIONS, s, number = NONE, connection, i, other;
    bool is_full, waits_when_full; /* config.when_full */
    bool is_open = true;           /* the listeners, the pipe among them */
    bool is_started, more, quiesces, stops, is_time, is_drain_over, sees_wakeup, sees_listener;

    atomic {
        slot_table_init(i);
        if
        :: waits_when_full = true
        :: waits_when_full = false
        fi;
        worker_init()
    };
    do
    :: phase != STOPPED -> accept_loop_turn()
    :: else -> break
    od;
    worker_settle();
    check_end();
    is_being_destroyed = true;
#ifndef WRONG_DESTROY_AT_ONCE
    requesting == 0;
#endif
    destroyed = true
}

/* The bit, then the wake-up, in a signal handler or a thread of the host's. Not after destroy() has
 * been called: that is the host's to keep. */
inline request(what)
{
    atomic {
        if
        :: is_being_destroyed -> goto end_of_host
        :: else -> requesting++
        fi;
#ifdef WRONG_WAKE_BEFORE_REQUEST
        wakeup_send()
    };
    atomic { what = true; requesting-- };
#else
        what = true
    };
    atomic { wakeup_send(); requesting-- };
#endif
}

/* One signal or two, at any moment: as cli/serve.c has them. */
active proctype signals()
{
    if
    :: request(requested_quiesce)
    :: skip
    fi;
    request(requested_stop);
end_of_host:
    skip
}

#ifdef WITH_HANDOVER
/* thrdsrv_server_adopt(): push() is under the table's lock; what is refused stays the host's. */
active proctype host_hands_over()
{
    byte number;

    atomic {
        if
        :: is_being_destroyed -> goto not_any_more
        :: else -> descriptor_open(number, of_host)
        fi
    };
    atomic {
        if
        :: draining -> descriptor_close(number, of_host)
        :: else -> pipe!number
        fi;
        of_host = 0
    };
not_any_more:
    skip
}
#endif

/* A wait that nothing ends, though there is something to do, is a lost wake-up. */
active proctype wake_up_is_lost()
{
end:
    atomic {
        !wakeup && ((waits_for_slot && (nempty(parked_list) || nempty(empty_list))) ||
                    (waits_for_last && in_use == 0)) ->
            assert(false)
    }
}

ltl ends { <> destroyed }
