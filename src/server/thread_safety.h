/* thread_safety.h - clang's -Wthread-safety attributes, and nothing for other compilers.
 *
 * In C the form that works is ONE global capability object that stands for the lock: members say
 * GUARDED_BY(TABLE_LOCK), functions say what they acquire, release or require. The object is only
 * a name for the compiler: each slot table has a mutex of its own. */
#ifndef SERVER_THREAD_SAFETY_H
#define SERVER_THREAD_SAFETY_H

#if defined(__clang__)
#define THREAD_SAFETY(attribute) __attribute__((attribute))
#else
#define THREAD_SAFETY(attribute)
#endif

#define CAPABILITY(name)       THREAD_SAFETY(capability(name))
#define GUARDED_BY(lock)       THREAD_SAFETY(guarded_by(lock))
#define ACQUIRES(lock)         THREAD_SAFETY(acquire_capability(lock))
#define RELEASES(lock)         THREAD_SAFETY(release_capability(lock))
#define REQUIRES(...)          THREAD_SAFETY(requires_capability(__VA_ARGS__))
#define ASSERTS(lock)          THREAD_SAFETY(assert_capability(lock))
#define EXCLUDES(lock)         THREAD_SAFETY(locks_excluded(lock))
#define NO_THREAD_SAFETY_CHECK THREAD_SAFETY(no_thread_safety_analysis)

struct CAPABILITY("mutex") table_lock {
    char unused;
};
extern struct table_lock TABLE_LOCK;

/* What only the thread in thrdsrv_server_run() may touch, which needs no lock for it, has this for
 * a guard. */
struct CAPABILITY("role") accept_loop_role {
    char unused;
};
extern struct accept_loop_role ACCEPT_LOOP;

/* Said where a thread becomes the accept loop, or no other can have the server yet. */
static inline void be_accept_loop(void) ASSERTS(ACCEPT_LOOP)
{
}

#endif
