/* handler_models.h - what each built-in handler must answer, computed from its description alone:
 * by other means than the handler's, as far as there are any, and with all of the input at hand. */
#ifndef FUZZ_HANDLER_MODELS_H
#define FUZZ_HANDLER_MODELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <thrdsrv/handler.h>

struct model_answer {
    unsigned char *bytes; /* room for limit of them, the caller's */
    size_t limit;
    size_t size;            /* of the answer, or limit where it is longer */
    bool is_cut;            /* it is */
    enum thrdsrv_step last; /* how it ends, unless it is cut */
};

/* Fills in all but bytes and limit. handler is a built-in one. */
void handler_model(const struct thrdsrv_handler *handler, const unsigned char *input, size_t size,
                   int64_t unix_time, struct model_answer *answer);

/* The byte as `tr A-Za-z N-ZA-Mn-za-m` has it. */
unsigned char handler_model_rotated(unsigned char byte);

#endif
