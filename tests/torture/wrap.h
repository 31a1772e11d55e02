/* wrap.h - for the files of wrappers. A wrapper of function F is called torture_F: the names that
 * the objects under test need are changed to these (rename.sh), so nothing else in the program
 * meets them, not even the wrappers' own calls. */
#ifndef TORTURE_WRAP_H
#define TORTURE_WRAP_H

#include <errno.h>

#include "faults.h"

/* A function that sets errno and returns failure, with no effect, when it fails. */
#define WRAP(call, type, failure, name, parameters, arguments)                                     \
    type torture_##name parameters;                                                                \
    type torture_##name parameters                                                                 \
    {                                                                                              \
        return fault_strikes(call) ? (failure) : name arguments;                                   \
    }

/* A function that returns its error, as those of pthreads do. */
#define WRAP_CODE(call, name, parameters, arguments)                                               \
    int torture_##name parameters;                                                                 \
    int torture_##name parameters                                                                  \
    {                                                                                              \
        int code = fault_code(call);                                                               \
        return code ? code : name arguments;                                                       \
    }

#endif
