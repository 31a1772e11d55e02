/* nearest.c - the known name that a mistyped one was probably meant to be; see nearest.h. */
#include "cli/nearest.h"

#include <limits.h>
#include <string.h>

/* Longer than any name of ours; a longer text is not a slip of the finger. */
#define LENGTH_MAX 32

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
    unsigned m = a < b ? a : b;
    return m < c ? m : c;
}

/* Optimal string alignment: row[i][j] is the cost of making the first j bytes of b out of the
 * first i bytes of a. Both lengths are at most LENGTH_MAX. */
static unsigned edit_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    unsigned row[LENGTH_MAX + 1][LENGTH_MAX + 1];
    for (size_t i = 0; i <= a_length; i++)
        row[i][0] = (unsigned)i;
    for (size_t j = 0; j <= b_length; j++)
        row[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a_length; i++)
        for (size_t j = 1; j <= b_length; j++) {
            unsigned replace = row[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            unsigned best = min3(row[i - 1][j] + 1, row[i][j - 1] + 1, replace);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                best = min3(best, row[i - 2][j - 2] + 1, best);
            row[i][j] = best;
        }
    return row[a_length][b_length];
}

void nearest_init(struct nearest *nearest, const char *typed, size_t length)
{
    nearest->typed = typed;
    nearest->typed_length = length;
    nearest->best = NULL;
    nearest->distance = UINT_MAX;
}

void nearest_offer(struct nearest *nearest, const char *name)
{
    size_t length = strlen(name);
    size_t longer = length > nearest->typed_length ? length : nearest->typed_length;
    if (nearest->typed_length == 0 || longer > LENGTH_MAX)
        return;
    unsigned distance = edit_distance(nearest->typed, nearest->typed_length, name, length);
    /* One slip in three letters still tells what was meant; beyond that a guess would mislead. */
    unsigned bound = (unsigned)longer / 3;
    if (bound == 0)
        bound = 1;
    /* An abbreviation ("--first") is as good as a single slip, however much was left out. */
    if (nearest->typed_length >= 3 && strncmp(nearest->typed, name, nearest->typed_length) == 0)
        distance = 1;
    if (distance <= bound && distance < nearest->distance) {
        nearest->distance = distance;
        nearest->best = name;
    }
}
