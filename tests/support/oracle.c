/* oracle - see oracle.h. The run itself, with all its checks of the contract, is handler_driver's.
 */
#include "oracle.h"

#include <stdlib.h>
#include <string.h>

#include "handler_driver.h"
#include "suite.h"

struct reply oracle_reply(const char *handler, const void *input, size_t size, size_t limit,
                          int64_t unix_time)
{
    static struct handler_driver driver;
    static bool ready;
    const struct driver_plan plan = {
        .handler = thrdsrv_handler_find(handler),
        .unix_time = unix_time,
        .input = input,
        .input_size = size,
        .stop_after = limit,
    };
    assert_non_null(plan.handler);
    if (!ready)
        handler_driver_init(&driver);
    ready = true;
    struct driver_result result = handler_driver_run(&driver, &plan);
    struct reply reply = {.size = result.output_size};
    if (limit != 0 && reply.size > limit)
        reply.size = limit;
    reply.data = malloc(reply.size + 1);
    assert_non_null(reply.data);
    if (reply.size > 0)
        memcpy(reply.data, result.output, reply.size);
    return reply;
}
