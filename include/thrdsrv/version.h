/* thrdsrv/version.h - the version of the headers a program was compiled with. */
#ifndef THRDSRV_VERSION_H
#define THRDSRV_VERSION_H

/* Semantic versioning (semver.org): major.minor.patch. Before 1.0.0 the interface may change
 * with the minor number. CMakeLists.txt reads the project's version from here: one source. */
#define THRDSRV_VERSION_MAJOR 0
#define THRDSRV_VERSION_MINOR 1
#define THRDSRV_VERSION_PATCH 0
#define THRDSRV_VERSION       "0.1.0"

#endif
