/* thrdsrv/version.h - the version of the headers a program was compiled with, and of the library
 * that it runs with. */
#ifndef THRDSRV_VERSION_H
#define THRDSRV_VERSION_H

#include <thrdsrv/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Semantic versioning (semver.org): major.minor.patch. Before 1.0.0 the interface may change
 * with the minor number. CMakeLists.txt reads the project's version from here: one source. */
#define THRDSRV_VERSION_MAJOR 0
#define THRDSRV_VERSION_MINOR 1
#define THRDSRV_VERSION_PATCH 0
#define THRDSRV_VERSION       "0.1.0"

/* THRDSRV_VERSION of the library in use; static storage; any thread. */
THRDSRV_API const char *thrdsrv_version(void);

#ifdef __cplusplus
}
#endif

#endif
