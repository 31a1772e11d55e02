/* found.h - the points at which the server once did what it must not. They are in every run,
 * however few points are asked for. */
#ifndef TORTURE_FOUND_H
#define TORTURE_FOUND_H

#include <stdbool.h>

#include "scenario.h"

bool found_before(const struct point *point);

#endif
