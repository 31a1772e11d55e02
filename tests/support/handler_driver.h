/* support/handler_driver.h - a reference caller of <thrdsrv/handler.h>.
 *
 * Runs a handler over a given input, cut into given pieces, with room for output cut into given
 * pieces, collects the output, and checks in every step that both sides keep the contract:
 *
 * - consumed and produced bytes are within what was offered, and counts and pointers agree;
 * - input is never written to, except in place, and there only where it was consumed;
 * - in place, exactly one byte is produced for each byte consumed;
 * - no byte outside the offered buffers is touched (both end at a forbidden page);
 * - unconsumed bytes are found again at another address, so nobody may keep a pointer to them;
 * - there is progress: with room for output, WANT_OUTPUT comes with a consumed or a produced
 *   byte, and so does every answer to INPUT_FULL; WANT_INPUT is not answered to the end of input,
 *   nor to INPUT_FULL where nothing was consumed;
 * - after DONE or FAILED another step changes nothing and gives the same answer.
 *
 * A breach fails the running cmocka test. Not for several threads at once. */
#ifndef SUPPORT_HANDLER_DRIVER_H
#define SUPPORT_HANDLER_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <thrdsrv/handler.h>

#include "guard_buffer.h"
#include "random.h"

#define DRIVER_CAPACITY 65536u /* most input held, and most room given, in one step */

/* Sizes of successive pieces, over and over again; count 0: everything there is. */
struct driver_pieces {
    const size_t *sizes; /* each at least 1 */
    size_t count;
};

struct driver_plan {
    const struct thrdsrv_handler *handler;
    int64_t unix_time;
    const void *input;
    size_t input_size;
    size_t capacity; /* bytes of input the caller can hold; 0: DRIVER_CAPACITY */
    struct driver_pieces in;
    struct driver_pieces out;
    bool in_place;     /* next_out = next_in; only if the handler says so */
    bool late_end;     /* the end of input comes by itself, not with the last bytes */
    bool eager;        /* offers new input also when only room was asked for */
    bool starved;      /* every other step has no room for output at all */
    size_t stop_after; /* gives up after so many bytes of output; 0: when the handler ends */
    /* Where output goes; NULL: it is collected in the result. */
    void (*sink)(void *user, const unsigned char *data, size_t size);
    void *user;
};

struct driver_result {
    enum thrdsrv_step answer;    /* the last one */
    const unsigned char *output; /* the driver's, until the next run */
    size_t output_size;
    size_t consumed;
    size_t steps;
};

struct handler_driver {
    struct guard_buffer in;
    struct guard_buffer out;
    unsigned char *held; /* input given to the handler and not consumed yet */
    unsigned char *output;
    size_t output_capacity;
};

void handler_driver_init(struct handler_driver *driver);
void handler_driver_fini(struct handler_driver *driver);
struct driver_result handler_driver_run(struct handler_driver *driver,
                                        const struct driver_plan *plan);

/* Runs the plan and compares the output and the last answer. */
void handler_driver_expect(struct handler_driver *driver, const struct driver_plan *plan,
                           const void *output, size_t output_size, enum thrdsrv_step answer);

/* Does so with the plan's input cut in every possible way (all 2^(n-1) of them for n bytes, at
 * most 13), and its output too where it is as short; with one byte at a time; and each of these
 * in place and not, and with and without late_end, eager and starved. */
void handler_driver_expect_all_ways(struct handler_driver *driver, const struct driver_plan *plan,
                                    const void *output, size_t output_size,
                                    enum thrdsrv_step answer);

/* Does so with rounds of random pieces of at most longest bytes, and with the capacity set to
 * longest in half of them. */
void handler_driver_expect_random(struct handler_driver *driver, const struct driver_plan *plan,
                                  struct random_source *source, unsigned rounds, size_t longest,
                                  const void *output, size_t output_size, enum thrdsrv_step answer);

#endif
