/* fuzz_units.c - cli/units.c: numbers, sizes, times, rates of both kinds and percents, against a
 * reader that takes the text apart at its first character that is no digit and computes with 128
 * bits. Which error is named may differ; whether there is one, and what comes out without one, may
 * not.
 *
 * The input: least and most allowed, 8 bytes each; then the text. */
#include <stdlib.h>
#include <string.h>

#include "cli/units.h"
#include "fuzz.h"

#define UNTOUCHED INT64_C(-77)

struct unit {
    const char *name;
    int64_t factor;
};

static const struct unit numbers[] = {{"", 1}, {NULL, 0}};
static const struct unit percents[] = {{"", 1}, {"%", 1}, {NULL, 0}};
static const struct unit sizes[] = {
    {"", 1},        {"k", 1024},       {"K", 1024},       {"m", 1048576},
    {"M", 1048576}, {"g", 1073741824}, {"G", 1073741824}, {NULL, 0},
};
static const struct unit times[] = {
    {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}, {NULL, 0},
};

/* One more than any number that is allowed: it stands for all that is too large. */
#define TOO_LARGE ((uint64_t)INT64_MAX + 1)

static uint64_t multiplied(uint64_t value, uint64_t factor)
{
    return value > INT64_MAX / factor ? TOO_LARGE : value * factor;
}

static uint64_t number_of(const char *text, size_t digits)
{
    uint64_t value = 0;
    for (size_t i = 0; i < digits && value < TOO_LARGE; i++) {
        value = multiplied(value, 10);
        value += (uint64_t)(text[i] - '0');
    }
    return value < TOO_LARGE ? value : TOO_LARGE;
}

/* Whether it is a number with one of the units, in the range. */
static bool model(const char *text, const struct unit *units, int64_t min, int64_t max,
                  int64_t *result)
{
    size_t digits = strspn(text, "0123456789");
    uint64_t value = number_of(text, digits);
    bool is_nothing = units == times && value == 0 && text[digits] == '\0'; /* in any unit */
    while (units->name && strcmp(units->name, text + digits) != 0)
        units++;
    if (digits == 0 || (!units->name && !is_nothing))
        return false;
    if (units->name)
        value = multiplied(value, (uint64_t)units->factor);
    if (value < (uint64_t)min || value > (uint64_t)max)
        return false;
    *result = (int64_t)value;
    return true;
}

typedef enum units_status parse_fn(const char *, int64_t, int64_t, int64_t *);

static void check(parse_fn *parse, const struct unit *units, const char *text, int64_t min,
                  int64_t max)
{
    int64_t value = UNTOUCHED, expected = UNTOUCHED;
    bool is_right = model(text, units, min, max, &expected);
    enum units_status status = parse(text, min, max, &value);
    FUZZ_CHECK((status == UNITS_OK) == is_right);
    FUZZ_CHECK(value == expected);
    FUZZ_CHECK(strlen(units_complaint(status)) > 5);
}

static void check_rate(const char *text)
{
    int64_t bytes = UNTOUCHED, ms = UNTOUCHED, expected_bytes, expected_ms;
    const char *slash = strchr(text, '/');
    char *size = strdup(text);
    FUZZ_CHECK(size != NULL);
    size[strcspn(size, "/")] = '\0';
    bool is_right = slash && model(size, sizes, 1, UNITS_SIZE_MAX, &expected_bytes) &&
                    model(slash + 1, times, 1, UNITS_TIME_MAX_MS, &expected_ms);
    free(size);
    enum units_status status = units_parse_rate(text, &bytes, &ms);
    FUZZ_CHECK((status == UNITS_OK) == is_right);
    FUZZ_CHECK(is_right ? bytes == expected_bytes && ms == expected_ms
                        : bytes == UNTOUCHED && ms == UNTOUCHED);
}

static void check_per_time(const char *text, int64_t max)
{
    static const struct unit periods[] = {{"/s", 1000}, {"/m", 60000}, {"/h", 3600000}, {NULL, 0}};
    int64_t count = UNTOUCHED, ms = UNTOUCHED, expected_count = UNTOUCHED, expected_ms = UNTOUCHED;
    const struct unit *period = periods;
    size_t digits = strspn(text, "0123456789");
    while (period->name && strcmp(period->name, text + digits) != 0)
        period++;
    char *number = strndup(text, digits);
    FUZZ_CHECK(number != NULL);
    bool is_right = period->name && model(number, numbers, 1, max, &expected_count);
    free(number);
    if (is_right)
        expected_ms = period->factor;
    FUZZ_CHECK((units_parse_per_time(text, max, &count, &ms) == UNITS_OK) == is_right);
    FUZZ_CHECK(count == expected_count && ms == expected_ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    int64_t min = (int64_t)(fuzz_number(&input, 8) & INT64_MAX);
    int64_t max = (int64_t)(fuzz_number(&input, 8) & INT64_MAX);
    const char *text = fuzz_text(&input, 0);
    for (int i = 0; i < 2; i++) {
        check(units_parse_number, numbers, text, min, max);
        check(units_parse_size, sizes, text, min, max);
        check(units_parse_time, times, text, min, max);
        check(units_parse_percent, percents, text, min, max);
        check_per_time(text, max);
        min = 0; /* and as wide as any option has it */
        max = INT64_MAX;
    }
    check_rate(text);
    return 0;
}
