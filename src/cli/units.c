/* units.c - numbers, sizes, times and percents as people type them; see units.h.
 *
 * strtoll() is not used: it takes leading spaces, signs and (for some inputs) the locale's
 * digits, and what it accepts beyond digits would have to be refused again here. */
#include "cli/units.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct unit {
    const char *name;
    int64_t factor;
};

static const struct unit no_units[] = {{"", 1}, {NULL, 0}};

static const struct unit size_units[] = {
    {"", 1},
    {"k", INT64_C(1) << 10},
    {"K", INT64_C(1) << 10},
    {"m", INT64_C(1) << 20},
    {"M", INT64_C(1) << 20},
    {"g", INT64_C(1) << 30},
    {"G", INT64_C(1) << 30},
    {NULL, 0},
};

static const struct unit time_units[] = {
    {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}, {NULL, 0},
};

static const struct unit percent_units[] = {{"", 1}, {"%", 1}, {NULL, 0}};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads the digits at the start of text and sets *end behind the last. A number that does not
 * fit is read to its end too and becomes INT64_MAX with *overflow set, so that "99999999999999x"
 * is called no number rather than too large. */
static enum units_status read_digits(const char *text, int64_t *value, bool *overflow,
                                     const char **end)
{
    int64_t sum = 0;
    *overflow = false;
    if (!is_digit(*text))
        return UNITS_NOT_A_NUMBER;
    for (; is_digit(*text); text++)
        if (__builtin_mul_overflow(sum, 10, &sum) ||
            __builtin_add_overflow(sum, *text - '0', &sum)) {
            *overflow = true;
            sum = 0;
        }
    *value = *overflow ? INT64_MAX : sum;
    *end = text;
    return UNITS_OK;
}

/* The factor of the unit that the length bytes at name spell, or 0 where the table has none. */
static int64_t find_factor(const struct unit *units, const char *name, size_t length)
{
    for (; units->name; units++)
        if (strlen(units->name) == length && memcmp(units->name, name, length) == 0)
            return units->factor;
    return 0;
}

static enum units_status check_range(int64_t value, bool overflow, int64_t min, int64_t max,
                                     int64_t *result)
{
    if (overflow || value > max)
        return UNITS_TOO_LARGE;
    if (value < min)
        return UNITS_TOO_SMALL;
    *result = value;
    return UNITS_OK;
}

/* Parses the text from here up to end. */
static enum units_status parse_span(const char *text, const char *end, const struct unit *units,
                                    enum units_status bad_unit, int64_t min, int64_t max,
                                    int64_t *result)
{
    const char *unit;
    int64_t value;
    bool overflow;
    enum units_status status = read_digits(text, &value, &overflow, &unit);
    if (status != UNITS_OK)
        return status;
    if (*unit == '.' || *unit == ',')
        return UNITS_NOT_WHOLE;
    int64_t factor = find_factor(units, unit, (size_t)(end - unit));
    if (factor == 0)
        return bad_unit;
    if (__builtin_mul_overflow(value, factor, &value))
        overflow = true;
    return check_range(value, overflow, min, max, result);
}

enum units_status units_parse_number(const char *text, int64_t min, int64_t max, int64_t *value)
{
    return parse_span(text, text + strlen(text), no_units, UNITS_NOT_A_NUMBER, min, max, value);
}

enum units_status units_parse_size(const char *text, int64_t min, int64_t max, int64_t *bytes)
{
    return parse_span(text, text + strlen(text), size_units, UNITS_BAD_SIZE_UNIT, min, max, bytes);
}

enum units_status units_parse_time(const char *text, int64_t min, int64_t max, int64_t *ms)
{
    const char *unit;
    int64_t value;
    bool overflow;
    enum units_status status = read_digits(text, &value, &overflow, &unit);
    if (status != UNITS_OK)
        return status;
    /* Nothing is nothing in every unit; any other bare number would be a guess. */
    if (*unit == '\0')
        return value == 0 ? check_range(0, false, min, max, ms) : UNITS_NO_TIME_UNIT;
    return parse_span(text, text + strlen(text), time_units, UNITS_BAD_TIME_UNIT, min, max, ms);
}

enum units_status units_parse_timeout(const char *text, int64_t *ms)
{
    if (strcmp(text, "off") != 0)
        return units_parse_time(text, 0, UNITS_TIME_MAX_MS, ms);
    *ms = 0;
    return UNITS_OK;
}

enum units_status units_parse_rate(const char *text, int64_t *bytes, int64_t *ms)
{
    int64_t size;
    int64_t time;
    const char *slash = strchr(text, '/');
    if (!slash)
        return UNITS_NOT_A_RATE;
    enum units_status status =
        parse_span(text, slash, size_units, UNITS_BAD_SIZE_UNIT, 1, UNITS_SIZE_MAX, &size);
    if (status != UNITS_OK)
        return status;
    status = units_parse_time(slash + 1, 1, UNITS_TIME_MAX_MS, &time);
    if (status != UNITS_OK)
        return status;
    *bytes = size;
    *ms = time;
    return UNITS_OK;
}

enum units_status units_parse_per_time(const char *text, int64_t max, int64_t *number, int64_t *ms)
{
    static const struct unit periods[] = {{"s", 1000}, {"m", 60000}, {"h", 3600000}, {NULL, 0}};
    const char *slash = strchr(text, '/');
    int64_t period = slash ? find_factor(periods, slash + 1, strlen(slash + 1)) : 0;
    if (period == 0)
        return UNITS_NOT_PER_TIME;
    enum units_status status =
        parse_span(text, slash, no_units, UNITS_NOT_A_NUMBER, 1, max, number);
    if (status == UNITS_OK)
        *ms = period;
    return status;
}

enum units_status units_parse_percent(const char *text, int64_t min, int64_t max, int64_t *percent)
{
    return parse_span(text, text + strlen(text), percent_units, UNITS_NOT_A_PERCENT, min, max,
                      percent);
}

const char *units_complaint(enum units_status status)
{
    switch (status) {
    case UNITS_OK:
        return "nothing is wrong";
    case UNITS_NOT_A_NUMBER:
        return "not a number";
    case UNITS_NOT_WHOLE:
        return "not a whole number";
    case UNITS_NO_TIME_UNIT:
        return "the unit is missing (ms, s, m, h or d)";
    case UNITS_BAD_TIME_UNIT:
        return "not a time: the units are ms, s, m, h and d";
    case UNITS_BAD_SIZE_UNIT:
        return "not a size: the units are k, m and g";
    case UNITS_NOT_A_RATE:
        return "not of the form SIZE/TIME";
    case UNITS_NOT_PER_TIME:
        return "not of the form N/s, N/m or N/h";
    case UNITS_NOT_A_PERCENT:
        return "not a number of percent";
    case UNITS_TOO_SMALL:
        return "too small";
    case UNITS_TOO_LARGE:
        return "too large";
    }
    return "not valid";
}
