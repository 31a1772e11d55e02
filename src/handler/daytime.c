/* handler/daytime.c - the daytime service, RFC 867: one line that says what time it is.
 *
 * The line is of the first form the RFC proposes, in UTC, e.g.
 *
 *     Saturday, November 21, 2026 02:46:28-UTC\r\n
 *
 * with two digits for the day of the month and a year without leading zeros. The time is the
 * caller's, taken at the start: the service says when the connection began. Dates are those of
 * the Gregorian calendar, carried on before 1582 and after 9999; years before the year 1 are 0,
 * -1, -2 … as astronomers count. Every int64_t has its line.
 *
 * Input is thrown away, its end does not matter: the service is complete once the line is
 * written, which may take several steps where there is little room. It never fails.
 *
 * Run by any caller of handler.h on any thread; asks no clock, no locale and no time zone. */
#include "stream.h"

#define DAY 86400

/* Enough for "Wednesday, September 30, -292277022657 23:59:59-UTC\r\n". */
#define TEXT_MAX 64

struct session {
    unsigned length;     /* bytes of text */
    unsigned sent;       /* bytes of it already written */
    char text[TEXT_MAX]; /* the line, not terminated */
};

struct date {
    int64_t year;
    unsigned month;   /* 0 = January */
    unsigned day;     /* 1 … 31 */
    unsigned weekday; /* 0 = Sunday */
};

static const char *const weekdays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                       "Thursday", "Friday", "Saturday"};
static const char *const months[] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};

/* Rounds down, where C rounds towards zero: times before 1970 are negative. */
static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* The date of a day counted from 1970-01-01.
 *
 * Counts in years that begin on the 1st of March, so that the leap day is a year's last day and
 * the lengths of the months before it are always the same; they then follow (153 m + 2) / 5. The
 * calendar repeats every 400 years, which have 146097 days. */
static struct date date_of_day(int64_t day)
{
    int64_t shifted = day + 719468; /* days since 0000-03-01 */
    int64_t cycle = floor_div(shifted, 146097);
    unsigned in_cycle = (unsigned)(shifted - cycle * 146097);
    /* Takes out the leap days of every 4th, the missing ones of every 100th and the one of the
     * 400th year; then all years have 365 days. */
    unsigned year = (in_cycle - in_cycle / 1460 + in_cycle / 36524 - in_cycle / 146096) / 365;
    unsigned in_year = in_cycle - (365 * year + year / 4 - year / 100);
    unsigned month = (5 * in_year + 2) / 153; /* 0 = March */
    struct date date;

    date.day = in_year - (153 * month + 2) / 5 + 1;
    date.month = month < 10 ? month + 2 : month - 10;
    date.year = cycle * 400 + year + (month >= 10); /* January and February are the next year's */
    date.weekday = (unsigned)(day + 4 - floor_div(day + 4, 7) * 7); /* 1970-01-01: a Thursday */
    return date;
}

static void put_text(struct session *s, const char *text)
{
    size_t n = strlen(text);

    memcpy(s->text + s->length, text, n);
    s->length += (unsigned)n;
}

/* A number in decimal with at least so many digits. */
static void put_number(struct session *s, int64_t number, unsigned digits)
{
    char text[24];
    size_t at = sizeof text - 1;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

    text[at] = '\0';
    while (digits > 0 || rest > 0) {
        text[--at] = (char)('0' + rest % 10);
        rest /= 10;
        digits -= digits > 0;
    }
    if (number < 0)
        text[--at] = '-';
    put_text(s, text + at);
}

static void start(void *session, const struct thrdsrv_start *info)
{
    struct session *s = session;
    int64_t day = floor_div(info->unix_time, DAY);
    int64_t second = info->unix_time % DAY;
    struct date date = date_of_day(day);

    if (second < 0)
        second += DAY;
    s->length = 0;
    s->sent = 0;
    put_text(s, weekdays[date.weekday]);
    put_text(s, ", ");
    put_text(s, months[date.month]);
    put_text(s, " ");
    put_number(s, date.day, 2);
    put_text(s, ", ");
    put_number(s, date.year, 1);
    put_text(s, " ");
    put_number(s, second / 3600, 2);
    put_text(s, ":");
    put_number(s, second / 60 % 60, 2);
    put_text(s, ":");
    put_number(s, second % 60, 2);
    put_text(s, "-UTC\r\n");
}

static enum thrdsrv_step step(void *session, struct thrdsrv_stream *stream)
{
    struct session *s = session;

    stream_discard_input(stream);
    s->sent += (unsigned)stream_write(stream, s->text + s->sent, s->length - s->sent);
    return s->sent < s->length ? THRDSRV_STEP_WANT_OUTPUT : THRDSRV_STEP_DONE;
}

const struct thrdsrv_handler thrdsrv_daytime = {
    .name = "daytime",
    .summary = "says the date and the time in UTC (RFC 867)",
    .session_size = sizeof(struct session),
    .in_place = false,
    .start = start,
    .step = step,
};
