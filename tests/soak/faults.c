/* faults - see faults.h. One thread. */
#include "faults.h"

#include <stdarg.h>

enum { KEPT = 10, PRINTED = 100, TEXT = 400 };

static char kept[KEPT][TEXT];
static unsigned count;

void fault(const char *format, ...)
{
    char text[TEXT];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (count < KEPT)
        snprintf(kept[count], TEXT, "%s", text);
    if (count < PRINTED)
        fprintf(stderr, "FAULT: %s\n", text);
    count++;
}

unsigned faults_count(void)
{
    return count;
}

void faults_print(FILE *out)
{
    for (unsigned i = 0; i < count && i < KEPT; i++)
        fprintf(out, "  %s\n", kept[i]);
    if (count > KEPT)
        fprintf(out, "  and %u more\n", count - KEPT);
}
