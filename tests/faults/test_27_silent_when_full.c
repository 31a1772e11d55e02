/* test_27_silent_when_full - class 27: the server is full and says nothing. The client is
 * connected, by the kernel, and waits for an answer that does not come.
 *
 * Seen in: MonetDB #764.
 * Here: with --when-full=close and =busy:TEXT, a client of a full server hears the end, or the text
 * and the end, within 100 ms of connecting; those who are served notice nothing, and when one
 * leaves the next is served. (--when-full=wait is the backlog's silence, chosen.) */
#include "clients.h"
#include "patience.h"
#include "process_log.h"
#include "suite.h"

enum { SLOTS = 2, TRIES = 10, TOLD_MS = 100 };

/* Mode inline has one slot, whatever --slots says. */
static int slots(void)
{
    return suite_mode() == THRDSRV_MODE_INLINE ? 1 : SLOTS;
}

/* The quickest of several tries counts: another program may hold up each one of them. */
static int64_t quickest_refusal(struct process *server, const char *text)
{
    int64_t quickest = INT64_MAX;
    for (int i = 0; i < TRIES; i++) {
        int64_t begin = now_ms();
        int fd = client_connect(process_address(server));
        client_expect_text(fd, text);
        client_wait_end(fd);
        int64_t took = now_ms() - begin;
        quickest = took < quickest ? took : quickest;
        client_close(fd);
    }
    return quickest;
}

static void refuses_and_recovers(struct process *server, const char *policy, const char *text)
{
    int held[SLOTS];
    process_start(server, "--slots=2", "--park=10ms", policy, NULL);
    struct process_baseline idle = process_baseline(server);
    for (int i = 0; i < slots(); i++)
        held[i] = client_served(process_address(server));
    int64_t told_ms = quickest_refusal(server, text);
    if (told_ms >= allow_ms(TOLD_MS))
        suite_fail("%lld ms until a refused client is told", (long long)told_ms);
    process_wait_counter(server, "refused_full", TRIES);
    process_log_wait(server, "level=warn msg=\"connection refused\" reason=full");
    /* Those who are served notice nothing. */
    for (int i = 0; i < slots(); i++)
        client_echo(held[i], "still here");
    client_leave(held[0]);
    process_wait_counter(server, "active", slots() - 1);
    client_leave(client_served(process_address(server)));
    process_wait_counter(server, "served", 2);
    assert_int_equal(process_counter(server, "refused_full"), TRIES);
    for (int i = 1; i < slots(); i++)
        client_leave(held[i]);
    process_wait_baseline(server, idle);
}

static void close_tells_the_client_at_once(struct process *server)
{
    refuses_and_recovers(server, "--when-full=close", "");
}

static void busy_tells_the_client_why(struct process *server)
{
    refuses_and_recovers(server, "--when-full=busy:try again later", "try again later\r\n");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        CASE(close_tells_the_client_at_once),
        CASE(busy_tells_the_client_why),
    };
    suite_init(argc, argv);
    return cmocka_run_group_tests_name("27_silent_when_full", cases, NULL, NULL);
}
