/* units.h - numbers, sizes, times and percents as people type them.
 *
 * What it does: turns text into exact numbers, checks the range, and says what is wrong.
 * What it does not do: no fractions, no signs, no spaces; nothing is rounded or clamped.
 * Called by the option tables; every function is pure and may run in any thread. */
#ifndef THRD_CLI_UNITS_H
#define THRD_CLI_UNITS_H

#include <stdint.h>

/* 10,000 days, about 27 years: longer than any server runs, and far from overflow as
 * milliseconds (8.64e11) and as nanoseconds (8.64e17 of 9.22e18). */
#define UNITS_TIME_MAX_MS INT64_C(864000000000)

/* A byte count above this is a slip of the finger: 2^50, one pebibyte. */
#define UNITS_SIZE_MAX (INT64_C(1) << 50)

enum units_status {
    UNITS_OK = 0,
    UNITS_NOT_A_NUMBER,  /* does not begin with a digit, or goes on with something else */
    UNITS_NOT_WHOLE,     /* a point or comma in it */
    UNITS_NO_TIME_UNIT,  /* a time other than 0 without a unit */
    UNITS_BAD_TIME_UNIT, /* not ms, s, m, h or d */
    UNITS_BAD_SIZE_UNIT, /* not k, m or g */
    UNITS_NOT_A_RATE,    /* not SIZE/TIME */
    UNITS_NOT_PER_TIME,  /* not N/s, N/m or N/h */
    UNITS_NOT_A_PERCENT, /* something else than % behind the number */
    UNITS_TOO_SMALL,     /* below min */
    UNITS_TOO_LARGE,     /* above max, or above what 64 bits hold */
};

/* Each returns UNITS_OK and sets *value when text is valid as a whole and min <= value <= max;
 * otherwise *value keeps what it had. min must be 0 or more. */

/* "128": decimal digits, leading zeros allowed. */
enum units_status units_parse_number(const char *text, int64_t min, int64_t max, int64_t *value);

/* "256k": decimal digits and one of k, m, g in either case, for 2^10, 2^20, 2^30 bytes. */
enum units_status units_parse_size(const char *text, int64_t min, int64_t max, int64_t *bytes);

/* "500ms", "30s", "5m", "2h", "1d", in lower case, or "0". The result is milliseconds. */
enum units_status units_parse_time(const char *text, int64_t min, int64_t max, int64_t *ms);

/* A time up to UNITS_TIME_MAX_MS that limits something; "off" and 0 both switch it off, because 0
 * does so in most other programs and in struct thrdsrv_config. */
enum units_status units_parse_timeout(const char *text, int64_t *ms);

/* "500/20s": a size from 1 to UNITS_SIZE_MAX in a time from 1ms to UNITS_TIME_MAX_MS. Sets both
 * results or none. */
enum units_status units_parse_rate(const char *text, int64_t *bytes, int64_t *ms);

/* "200/s": a number from 1 to max in a second, a minute (m) or an hour (h). Sets both results or
 * none. */
enum units_status units_parse_per_time(const char *text, int64_t max, int64_t *number, int64_t *ms);

/* "10%" or "10": whole percents. The result is the number of them. */
enum units_status units_parse_percent(const char *text, int64_t min, int64_t max, int64_t *percent);

/* What is wrong, as a fragment for an error line, e.g. "not a number". Never NULL. */
const char *units_complaint(enum units_status status);

#endif
