/* document_findings.c - what was found, in sentences; see document_parts.h.
 *
 * The trouble first; then Stevens' figure, what a connection costs (alone, while others are held,
 * for Stevens' request), what it makes of the servers once it is there, in bulk, its memory, its
 * start, the tail at a fixed rate, and what held connections take from a server. Where the interval
 * of a ratio has 1 in it, no difference can be seen, and the sentence says that. */
#include <math.h>
#include <string.h>

#include "bench/report/document_parts.h"
#include "bench/report/document_read.h"
#include "bench/report/findings_pair.h"
#include "bench/report/findings_words.h"
#include "bench/report/quantity.h"
#include "bench/report/sentence.h"

struct findings {
    const json_t *document;
    json_t *sentences;
    int failed; /* no memory */
};

static void say(struct findings *findings, const struct sentence *sentence)
{
    findings->failed |= json_array_append_new(findings->sentences, document_text(sentence->text));
}

/* How a server is called in a sentence. */
static const char *one_of(const char *target)
{
    if (strcmp(target, "thread") == 0)
        return "a thread";
    return strcmp(target, "fork") == 0 ? "a process" : target;
}

static const char *many_of(const char *target)
{
    if (strcmp(target, "thread") == 0)
        return "threads";
    return strcmp(target, "fork") == 0 ? "processes" : target;
}

/* Threads do; a server with a name does. */
static bool is_many(const char *target)
{
    return strcmp(many_of(target), target) != 0;
}

static bool pair_ratio(const struct findings *findings, const struct findings_pair *pair,
                       enum figure figure, struct estimate *ratio)
{
    return document_ratio(findings->document, &pair->choice->shape, figure, pair->target,
                          pair->reference_target, ratio);
}

static void add_equal_ratio(struct sentence *sentence, const struct estimate *ratio)
{
    struct quantity middle;
    struct quantity interval;
    sentence_add(sentence, " (ratio %s, %s)", quantity_ratio(&middle, ratio->median),
                 quantity_ratio_interval(&interval, ratio));
}

static void add_connections(struct sentence *sentence, const struct findings_choice *choice)
{
    if (choice->sweep > 1 && choice->shape.connections > 0)
        sentence_add(sentence, " (%.0f at once)", choice->shape.connections);
}

/* Of connections that stay some can be idle too. */
static void add_held(struct sentence *sentence, const struct findings_choice *choice)
{
    if (choice->shape.held > 0)
        sentence_add(sentence, " (with %.0f others held)", choice->shape.held);
}

/* "; with 64 MiB of parent memory 9.0x (8.1 to 10), with 1 GiB 82x (80 to 84)" */
static void add_ballast(const struct findings *findings, const struct findings_pair *pair,
                        struct sentence *sentence)
{
    const json_t *cell;
    size_t i;
    bool is_first = true;
    json_array_foreach (json_object_get(findings->document, "cells"), i, cell) {
        struct document_shape shape = document_shape(cell);
        struct document_shape without = shape;
        struct estimate ratio;
        struct quantity size;
        without.ballast_bytes = pair->choice->shape.ballast_bytes;
        if (strcmp(document_string(cell, "target"), pair->target) != 0 ||
            !document_shape_is_same(&without, &pair->choice->shape) ||
            !(shape.ballast_bytes > without.ballast_bytes) ||
            !document_ratio(findings->document, &shape, FIGURE_SERVER_CPU_US_PER_OPERATION,
                            pair->target, pair->reference_target, &ratio))
            continue;
        sentence_add(sentence, is_first ? "; with %s of parent memory " : ", with %s ",
                     quantity_size(&size, shape.ballast_bytes));
        findings_add_ratio(sentence, &ratio);
        is_first = false;
    }
}

static void say_difference(struct findings *findings, const struct findings_pair *pair,
                           enum figure figure, struct sentence *sentence)
{
    struct estimate ratio;
    if (pair_ratio(findings, pair, figure, &ratio)) {
        sentence_add(sentence, ": ");
        if (findings_no_difference(&ratio)) {
            sentence_add(sentence, "no difference that can be seen");
            add_equal_ratio(sentence, &ratio);
        } else {
            findings_add_ratio(sentence, &ratio);
        }
    }
    sentence_add(sentence, ".");
    say(findings, sentence);
}

static void say_connection_cpu(struct findings *findings, const struct findings_pair *pair)
{
    const char *reference = one_of(pair->reference_target);
    struct estimate ratio;
    struct sentence sentence;
    if (!pair_ratio(findings, pair, FIGURE_SERVER_CPU_US_PER_OPERATION, &ratio))
        return;
    sentence_begin(&sentence);
    if (findings_no_difference(&ratio)) {
        sentence_add(&sentence,
                     "No difference can be seen in the CPU that %s and %s cost per "
                     "connection here",
                     one_of(pair->target), reference);
        add_equal_ratio(&sentence, &ratio);
    } else {
        sentence_add(&sentence, "%s costs ", one_of(pair->target));
        findings_add_ratio(&sentence, &ratio);
        sentence_add(&sentence, " the CPU of %s per connection here", reference);
        if (is_many(pair->target))
            sentence_capitalize(&sentence); /* a name stays as it is */
    }
    add_connections(&sentence, pair->choice);
    if (pair->choice->shape.held > 0)
        sentence_add(&sentence, ", while %.0f others are held", pair->choice->shape.held);
    else if (strcmp(pair->choice->shape.workload, "churn") == 0)
        sentence_add(&sentence, ", while no others are held");
    if (pair->choice->shape.ballast_bytes > 0) {
        struct quantity size;
        sentence_add(&sentence, ", with %s of parent memory",
                     quantity_size(&size, pair->choice->shape.ballast_bytes));
    }
    add_ballast(findings, pair, &sentence);
    sentence_add(&sentence, ".");
    say(findings, &sentence);
}

/* What Stevens took: the time above that of a server which starts nothing for its clients. */
static void say_cpu_above_inline(struct findings *findings, const struct findings_pair *pair)
{
    struct estimate own;
    struct estimate reference;
    struct quantity first;
    struct quantity second;
    struct sentence sentence;
    enum figure figure = FIGURE_SERVER_CPU_ABOVE_INLINE_US_PER_OPERATION;
    if (strcmp(pair->target, "fork") != 0 || strcmp(pair->reference_target, "thread") != 0 ||
        !document_figure(pair->cell, figure, &own) ||
        !document_figure(pair->reference, figure, &reference) || reference.low <= 0)
        return;
    sentence_begin(&sentence);
    sentence_add(&sentence,
                 "Above mode inline, which starts no worker, a connection costs %s of CPU with a "
                 "thread and %s with a process",
                 quantity_time(&first, reference.median), quantity_time(&second, own.median));
    say_difference(findings, pair, figure, &sentence);
}

/* What a throughput is worth when the clients could not send more. */
static void add_bottleneck(struct sentence *sentence, const struct findings_pair *pair)
{
    if (findings_is_load_busy(pair->cell) || findings_is_load_busy(pair->reference))
        sentence_add(sentence, "; but the load generator was the bottleneck, so the servers may "
                               "differ in what they could do");
}

/* How much a server does, beside the reference. */
struct throughput {
    enum figure figure;
    const char *(*format)(struct quantity *quantity, double value);
    const char *lead;
    const char *verb;
    const char *unit; /* behind what format gives */
};

/* "Once connected there is no difference that can be seen: 91k requests a second with threads, 90k
 * with processes (ratio 0.99, 0.97 to 1.02)." */
static void add_equal_throughput(const struct findings_pair *pair,
                                 const struct throughput *throughput, const double values[2],
                                 struct sentence *sentence)
{
    struct quantity first, second;
    sentence_add(sentence, " there is no difference that can be seen: %s%s with %s, %s with %s",
                 throughput->format(&first, values[0]), throughput->unit,
                 many_of(pair->reference_target), throughput->format(&second, values[1]),
                 many_of(pair->target));
}

/* "Once connected, processes do 0.90x (0.88 to 0.93) as much as threads: 82k and 91k requests a
 * second." */
static void add_throughput(const struct findings_pair *pair, const struct throughput *throughput,
                           const double values[2], const struct estimate *ratio,
                           struct sentence *sentence)
{
    struct quantity first, second;
    sentence_add(sentence, ", %s %s ", many_of(pair->target), throughput->verb);
    findings_add_ratio(sentence, ratio);
    sentence_add(sentence, " as much as %s: %s and %s%s", many_of(pair->reference_target),
                 throughput->format(&second, values[1]), throughput->format(&first, values[0]),
                 throughput->unit);
}

static void say_throughput(struct findings *findings, const struct findings_pair *pair,
                           const struct throughput *throughput)
{
    struct estimate ratio, own, reference;
    struct sentence sentence;
    if (!pair_ratio(findings, pair, throughput->figure, &ratio) ||
        !document_figure(pair->cell, throughput->figure, &own) ||
        !document_figure(pair->reference, throughput->figure, &reference))
        return;
    const double values[2] = {reference.median, own.median};
    sentence_begin(&sentence);
    sentence_add(&sentence, "%s", throughput->lead);
    add_connections(&sentence, pair->choice);
    add_held(&sentence, pair->choice);
    if (findings_no_difference(&ratio)) {
        add_equal_throughput(pair, throughput, values, &sentence);
        add_equal_ratio(&sentence, &ratio);
    } else {
        add_throughput(pair, throughput, values, &ratio, &sentence);
    }
    add_bottleneck(&sentence, pair);
    sentence_add(&sentence, ".");
    say(findings, &sentence);
}

static void say_requests(struct findings *findings, const struct findings_pair *pair)
{
    const struct throughput requests = {.figure = FIGURE_OPERATIONS_PER_SECOND,
                                        .format = quantity_count,
                                        .lead = "Once connected",
                                        .verb = is_many(pair->target) ? "do" : "does",
                                        .unit = " requests a second"};
    say_throughput(findings, pair, &requests);
}

static void say_bulk(struct findings *findings, const struct findings_pair *pair)
{
    const struct throughput bulk = {.figure = FIGURE_MEGABYTES_PER_SECOND,
                                    .format = quantity_megabytes_rate,
                                    .lead = "In bulk",
                                    .verb = is_many(pair->target) ? "carry" : "carries",
                                    .unit = ""};
    say_throughput(findings, pair, &bulk);
}

static bool say_memory_of(struct findings *findings, const struct findings_pair *pair,
                          enum figure figure, const char *which)
{
    struct estimate own, reference;
    struct quantity first, second;
    struct sentence sentence;
    if (!document_figure(pair->cell, figure, &own) ||
        !document_figure(pair->reference, figure, &reference))
        return false;
    sentence_begin(&sentence);
    sentence_add(&sentence, "A held connection takes %s%s with %s and %s with %s",
                 quantity_bytes(&first, reference.median), which, one_of(pair->reference_target),
                 quantity_bytes(&second, own.median), one_of(pair->target));
    say_difference(findings, pair, figure, &sentence);
    return true;
}

/* The kernel's memory is the whole machine's: what others do there can hide a difference that the
 * servers' own memory shows. */
static bool is_drowned(const struct findings *findings, const struct findings_pair *pair)
{
    struct estimate all, own;
    return pair_ratio(findings, pair, FIGURE_MEMORY_BYTES_PER_CONNECTION, &all) &&
           pair_ratio(findings, pair, FIGURE_PSS_BYTES_PER_CONNECTION, &own) &&
           findings_no_difference(&all) && !findings_no_difference(&own);
}

static void say_memory(struct findings *findings, const struct findings_pair *pair)
{
    if (is_drowned(findings, pair) ||
        !say_memory_of(findings, pair, FIGURE_MEMORY_BYTES_PER_CONNECTION, ""))
        say_memory_of(findings, pair, FIGURE_PSS_BYTES_PER_CONNECTION,
                      " of the server's own memory");
}

static void say_start(struct findings *findings, const struct findings_pair *pair)
{
    struct estimate own, reference;
    struct quantity first, second;
    struct sentence sentence;
    if (!document_figure(pair->cell, FIGURE_START_P50_US, &own) ||
        !document_figure(pair->reference, FIGURE_START_P50_US, &reference))
        return;
    sentence_begin(&sentence);
    sentence_add(&sentence,
                 "The handler begins %s after its connection was accepted with %s and %s with %s",
                 quantity_time(&first, reference.median), one_of(pair->reference_target),
                 quantity_time(&second, own.median), one_of(pair->target));
    say_difference(findings, pair, FIGURE_START_P50_US, &sentence);
}

static void say_tail(struct findings *findings, const struct findings_pair *pair)
{
    struct estimate own, reference;
    struct quantity first, second;
    struct sentence sentence;
    if (!document_figure(pair->cell, FIGURE_LATENCY_P99_9_US, &own) ||
        !document_figure(pair->reference, FIGURE_LATENCY_P99_9_US, &reference))
        return;
    sentence_begin(&sentence);
    sentence_add(&sentence, "At %.6g requests a second", pair->choice->shape.rate);
    add_held(&sentence, pair->choice);
    sentence_add(&sentence, " 99.9 %% are answered within %s with %s and %s with %s",
                 quantity_time(&first, reference.median), many_of(pair->reference_target),
                 quantity_time(&second, own.median), many_of(pair->target));
    say_difference(findings, pair, FIGURE_LATENCY_P99_9_US, &sentence);
}

/* What is said of each workload, in the order in which it is said. */
static const struct {
    const char *workload;
    bool open_loop;
    findings_pair_fn *say;
} topics[] = {
    {"crr", false, say_connection_cpu},
    {"crr", false, say_cpu_above_inline},
    {"churn", false, say_connection_cpu},
    {"bytes", false, say_connection_cpu},
    {"rr", false, say_requests},
    {"stream", false, say_bulk},
    {"hold", false, say_memory},
    {"start", false, say_start},
    {"rr", true, say_tail},
    {"crr", true, say_tail},
};

json_t *document_findings(const json_t *document)
{
    struct findings findings = {.document = document, .sentences = document_trouble(document)};
    if (findings.sentences)
        findings.failed |= document_stevens_finding(document, findings.sentences);
    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++)
        findings_for_each_pair(document, topics[i].workload, topics[i].open_loop, topics[i].say,
                               &findings);
    if (findings.sentences)
        findings.failed |= document_held_findings(document, findings.sentences);
    if (findings.sentences && findings.failed == 0)
        return findings.sentences;
    json_decref(findings.sentences);
    return NULL;
}
