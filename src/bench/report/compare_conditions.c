/* compare_conditions.c - see compare_conditions.h. */
#include "bench/report/compare_conditions.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/report/document_read.h"
#include "bench/report/sentence.h"

/* Memory that the kernel keeps for itself differs a little from boot to boot. */
#define MEMORY_TOLERANCE 0.02

static const char *const machine_keys[] = {
    "cpu", "cpus", "memory_bytes", "kernel", "libc", "cpu_governor", "address_randomization",
};

static const char *const settings_keys[] = {"rounds", "warmup_s", "window_s", "load_threads"};

static void write_run(const struct layout *layout, const char *lead, const json_t *document)
{
    struct sentence line;
    sentence_begin(&line);
    sentence_add(&line, "thrd %s, %s", document_string(document, "version"),
                 document_string(document, "started"));
    if (json_is_true(json_object_get(document, "failed")))
        sentence_add(&line, ", a run that failed");
    if (json_is_true(json_object_get(document, "interrupted")))
        sentence_add(&line, ", interrupted");
    layout_paragraph(layout, lead, line.text, LAYOUT_PLAIN);
}

static bool is_same(const char *key, const json_t *a, const json_t *b)
{
    if (strcmp(key, "memory_bytes") == 0 && json_is_number(a) && json_is_number(b)) {
        double larger = fmax(json_number_value(a), json_number_value(b));
        return fabs(json_number_value(a) - json_number_value(b)) <= larger * MEMORY_TOLERANCE;
    }
    /* An integer 1 and a real 1.0 are the same. */
    if (json_is_number(a) && json_is_number(b))
        return !islessgreater(json_number_value(a), json_number_value(b));
    return (!a && !b) || json_equal(a, b);
}

static void add_value(struct sentence *sentence, const json_t *value)
{
    if (json_is_string(value))
        sentence_add(sentence, "%s", json_string_value(value));
    else if (json_is_number(value))
        sentence_add(sentence, "%.12g", json_number_value(value));
    else
        sentence_add(sentence, "nothing");
}

/* "rounds 5, now 3; window_s 0.5, now 1"; nothing where all is the same. */
static void add_differences(struct sentence *sentence, const json_t *old_object,
                            const json_t *new_object, const char *const *keys, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const json_t *old_value = json_object_get(old_object, keys[i]);
        const json_t *new_value = json_object_get(new_object, keys[i]);
        if (is_same(keys[i], old_value, new_value))
            continue;
        sentence_add(sentence, "%s%s ", sentence->length > 0 ? "; " : "", keys[i]);
        add_value(sentence, old_value);
        sentence_add(sentence, ", now ");
        add_value(sentence, new_value);
    }
}

static void write_differences(const struct layout *layout, const struct sentence *differences,
                              const char *what, const char *consequence)
{
    struct sentence line;
    if (differences->length == 0)
        return;
    sentence_begin(&line);
    sentence_add(&line, "%s differ (%s): %s.", what, differences->text, consequence);
    layout_paragraph(layout, "! ", line.text, LAYOUT_BAD);
}

void compare_conditions_write(const struct layout *layout, const json_t *old_document,
                              const json_t *new_document)
{
    struct sentence machine;
    struct sentence settings;
    sentence_begin(&machine);
    sentence_begin(&settings);
    add_differences(&machine, json_object_get(old_document, "machine"),
                    json_object_get(new_document, "machine"), machine_keys,
                    sizeof machine_keys / sizeof machine_keys[0]);
    add_differences(&settings, json_object_get(old_document, "settings"),
                    json_object_get(new_document, "settings"), settings_keys,
                    sizeof settings_keys / sizeof settings_keys[0]);
    write_run(layout, "old  ", old_document);
    write_run(layout, "new  ", new_document);
    write_differences(layout, &machine, "the machines",
                      "a comparison across machines proves nothing about the servers");
    write_differences(layout, &settings, "the settings", "part of every change may come from that");
}
