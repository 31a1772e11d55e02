/* shape_text.c - see shape_text.h. */
#include "bench/report/shape_text.h"

#include <math.h>
#include <string.h>

#include "bench/report/quantity.h"

static bool is_named(const struct document_shape *shape, const char *workload)
{
    return strcmp(shape->workload, workload) == 0;
}

static bool is_exchanging(const struct document_shape *shape)
{
    return is_named(shape, "rr") || is_named(shape, "rot13");
}

static bool is_bulk(const struct document_shape *shape)
{
    return is_named(shape, "stream") || is_named(shape, "rot13-stream");
}

/* Groups are of one rate or of none, because an open loop has columns of its own; and where held
 * connections are what is measured, their number is not how much of it but what. */
bool shape_text_is_same_group(const struct document_shape *a, const struct document_shape *b)
{
    struct document_shape other = *b;
    other.connections = a->connections;
    other.ballast_bytes = a->ballast_bytes;
    if (!is_named(a, "hold"))
        other.held = a->held;
    if (!isnan(a->rate) && !isnan(b->rate))
        other.rate = a->rate;
    return document_shape_is_same(a, &other);
}

void shape_text_add_work(struct sentence *sentence, const struct document_shape *shape)
{
    struct quantity size;
    quantity_size(&size, shape->size_bytes);
    if (is_named(shape, "crr") || is_named(shape, "churn"))
        sentence_add(sentence, "connect, one exchange of %s, close", size.text);
    else if (is_exchanging(shape))
        sentence_add(sentence, "exchanges of %s on connections that stay", size.text);
    else if (is_bulk(shape))
        sentence_add(sentence, "bulk: exchanges of %s, %.0f under way on each connection",
                     size.text, shape->depth);
    else if (is_named(shape, "bytes"))
        sentence_add(sentence, "connect, ask for %s, get them, close", size.text);
    else if (is_named(shape, "start"))
        sentence_add(sentence, "from accept to the first instruction of the handler");
    else if (is_named(shape, "hold"))
        sentence_add(sentence, "%.0f idle connections: the memory of each", shape->held);
    else
        sentence_add(sentence, "exchanges of %s", size.text);
}

void shape_text_add_amount(struct sentence *sentence, const struct document_shape *shape)
{
    const char *separator = "";
    if (shape->connections > 0) {
        bool stays = is_exchanging(shape) || is_bulk(shape);
        sentence_add(sentence, "%.0f %s", shape->connections,
                     !stays                   ? "at once"
                     : shape->connections > 1 ? "connections"
                                              : "connection");
        separator = ", ";
    }
    if (!isnan(shape->rate)) {
        sentence_add(sentence, "%s%.6g a second on a schedule", separator, shape->rate);
        separator = ", ";
    }
    if (shape->held > 0 && !is_named(shape, "hold")) {
        sentence_add(sentence, "%swhile %.0f other%s idle", separator, shape->held,
                     shape->held > 1 ? "s stay" : " stays");
        separator = ", ";
    }
    if (shape->ballast_bytes > 0) {
        struct quantity size;
        sentence_add(sentence, "%swith %s of parent memory", separator,
                     quantity_size(&size, shape->ballast_bytes));
    }
}
