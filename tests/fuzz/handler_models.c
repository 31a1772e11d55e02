/* handler_models.c - see handler_models.h. */
#include "handler_models.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void put(struct model_answer *answer, const void *bytes, size_t size)
{
    size_t room = answer->limit - answer->size;
    size_t used = size < room ? size : room;
    if (used > 0)
        memcpy(answer->bytes + answer->size, bytes, used);
    answer->size += used;
    answer->is_cut = answer->is_cut || used < size;
}

static void put_byte(struct model_answer *answer, unsigned char byte)
{
    put(answer, &byte, 1);
}

unsigned char handler_model_rotated(unsigned char byte)
{
    static const char from[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    static const char to[] = "NOPQRSTUVWXYZABCDEFGHIJKLMnopqrstuvwxyzabcdefghijklm";
    const char *letter = memchr(from, byte, sizeof from - 1);
    return letter ? (unsigned char)to[letter - from] : byte;
}

/* RFC 864: character number i of line number n is number n + i of the 95 printing ones. */
static void generate(struct model_answer *answer)
{
    for (unsigned line = 0; !answer->is_cut; line++) {
        for (unsigned i = 0; i < 72; i++)
            put_byte(answer, (unsigned char)(' ' + (line + i) % 95));
        put(answer, "\r\n", 2);
    }
}

/* The calendar repeats every 400 years; libc has those where a year is an int. */
static void tell_date(struct model_answer *answer, int64_t unix_time)
{
    const int64_t period = INT64_C(146097) * 86400;
    int64_t periods = unix_time / period - (unix_time % period < 0);
    time_t seconds = (time_t)((unix_time % period + period) % period);
    struct tm tm;
    char days[64], time_of_day[64], line[192];
    gmtime_r(&seconds, &tm);
    strftime(days, sizeof days, "%A, %B %d", &tm);
    strftime(time_of_day, sizeof time_of_day, "%H:%M:%S", &tm);
    int length = snprintf(line, sizeof line, "%s, %lld %s-UTC\r\n", days,
                          tm.tm_year + 1900LL + 400LL * periods, time_of_day);
    put(answer, line, (size_t)length);
}

/* Modulo 2^32 by way of the sign: 2^32 divides what is added. */
static void tell_time(struct model_answer *answer, int64_t unix_time)
{
    int64_t seconds = unix_time % (INT64_C(1) << 32) + INT64_C(2208988800) + (INT64_C(1) << 32);
    for (int shift = 24; shift >= 0; shift -= 8)
        put_byte(answer, (unsigned char)(seconds / (INT64_C(1) << shift) % 256));
}

/* How many bytes a request has with its line end, its number being in *number; 0: it is a bad one.
 */
static size_t read_request(const char *text, size_t *number)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 16)
        return 0;
    unsigned long long value = strtoull(text, NULL, 10);
    const char *end = text + digits;
    if (value > 2147483647 || (strncmp(end, "\n", 1) != 0 && strncmp(end, "\r\n", 2) != 0))
        return 0;
    *number = (size_t)value;
    return digits + (*end == '\r') + 1;
}

static void answer_requests(struct model_answer *answer, const unsigned char *input, size_t size)
{
    static const char refusal[] = "error: expected a number from 0 to 2147483647 and a newline\r\n";
    char *text = calloc(size + 1, 1); /* a NUL in the input is a bad byte as that behind it is */
    size_t number, used;
    if (!text)
        abort();
    if (size > 0)
        memcpy(text, input, size);
    for (size_t at = 0; at < size; at += used) {
        used = read_request(text + at, &number);
        if (used == 0) {
            put(answer, refusal, sizeof refusal - 1);
            answer->last = THRDSRV_STEP_FAILED;
            break;
        }
        for (size_t i = 0; i < number && !answer->is_cut; i++)
            put(answer, &"abcdefghijklmnopqrstuvwxyz"[i % 26], 1);
    }
    free(text);
}

void handler_model(const struct thrdsrv_handler *handler, const unsigned char *input, size_t size,
                   int64_t unix_time, struct model_answer *answer)
{
    answer->size = 0;
    answer->is_cut = false;
    answer->last = THRDSRV_STEP_DONE;
    if (handler == &thrdsrv_echo)
        put(answer, input, size);
    else if (handler == &thrdsrv_rot13)
        for (size_t i = 0; i < size; i++)
            put_byte(answer, handler_model_rotated(input[i]));
    else if (handler == &thrdsrv_chargen)
        generate(answer);
    else if (handler == &thrdsrv_daytime)
        tell_date(answer, unix_time);
    else if (handler == &thrdsrv_time)
        tell_time(answer, unix_time);
    else if (handler == &thrdsrv_bytes)
        answer_requests(answer, input, size);
}
