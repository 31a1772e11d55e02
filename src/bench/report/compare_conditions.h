/* compare_conditions.h - whether two runs were made under the same conditions. Called by compare.c.
 */
#ifndef BENCH_COMPARE_CONDITIONS_H
#define BENCH_COMPARE_CONDITIONS_H

#include <jansson.h>

#include "bench/report/layout.h"

/* When the two were made, of which version; and what was not the same: machine, settings. */
void compare_conditions_write(const struct layout *layout, const json_t *old_document,
                              const json_t *new_document);

#endif
