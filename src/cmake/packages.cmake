# Debian packages: "cpack -G DEB" in a build directory whose prefix is /usr (ci/packages makes and tries
# them).
#
#   thrd              the program, its pages, units, completions
#   libthrdsrv0.1     the shared libraries, named for their soname
#   libthrdsrv-dev    what is needed to build with them
#
# What is the same for every system is installed (install.cmake); what Debian alone wants (compressed
# pages, a changelog, a copyright, the symbols of the libraries) packaging/debian.cmake makes of it.
# No script of a maintainer's is needed: the service is not started and not enabled by being installed.

if(CMAKE_VERSION VERSION_LESS 3.19) # knows no scripts before packing
    return()
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME thrd)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "") # each package has one of its own
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_SET_DESTDIR ON) # Debian 12 has units outside of /usr
set(CPACK_COMPONENTS_ALL Runtime Libraries Development)

# Who makes packages is who answers for them: Debian's own variables name that.
if(DEFINED ENV{DEBEMAIL} AND DEFINED ENV{DEBFULLNAME})
    set(packager "$ENV{DEBFULLNAME} <$ENV{DEBEMAIL}>")
else()
    set(packager "The thrd authors <maintainers@thrd.example>")
endif()
set(THRDSRV_PACKAGER "${packager}" CACHE STRING "Maintainer of the Debian packages")
mark_as_advanced(THRDSRV_PACKAGER)
set(CPACK_PACKAGE_CONTACT "${THRDSRV_PACKAGER}")

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 0upstream1) # older than Debian's own, should there be one: -1
set(CPACK_DEBIAN_PACKAGE_SOURCE thrd)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(libraries libthrdsrv${thrdsrv_soversion})
set(what_it_is "thrd gives every TCP connection a worker of its own: a POSIX thread, or a
child process, with the same handler code in both. It has a fixed table of
slots, timeouts for every handler, limits by source, and a stop that drains.")

set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME thrd)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION net)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SHLIBDEPS ON)
set(CPACK_COMPONENT_RUNTIME_DESCRIPTION
    "TCP server with a thread or a process for every connection
${what_it_is}
.
This package has the program, which serves echo, daytime and other handlers,
measures what a thread costs against a process on this machine, and tells how
many connections it can carry; with units for systemd, which are not enabled.")

set(CPACK_DEBIAN_LIBRARIES_PACKAGE_NAME ${libraries})
set(CPACK_DEBIAN_LIBRARIES_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIBRARIES_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_LIBRARIES_PACKAGE_CONTROL_EXTRA # packaging/debian.cmake writes them
    ${generated}/control/shlibs ${generated}/control/symbols ${generated}/control/triggers)
# cpack adds scripts that call ldconfig, unless it is given others: these files are not there, and so no
# script is. The trigger has dpkg call it, once for all packages.
list(APPEND CPACK_DEBIAN_LIBRARIES_PACKAGE_CONTROL_EXTRA
     ${generated}/control/none/postinst ${generated}/control/none/postrm)
set(CPACK_COMPONENT_LIBRARIES_DESCRIPTION
    "TCP server with a thread or a process for every connection, libraries
${what_it_is}
.
This package has the server and its handlers as shared libraries, for programs
that embed them.")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libthrdsrv-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
    "${libraries} (= ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}), libc6-dev")
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION
    "TCP server with a thread or a process for every connection, development
${what_it_is}
.
This package has what is needed to build programs that embed the server or its
handlers: headers, static libraries, files for pkg-config and CMake, the manual
and examples.")

# Of a time that a package of the same sources always has (reproducible-builds.org).
if(NOT DEFINED ENV{SOURCE_DATE_EPOCH})
    execute_process(COMMAND git -C ${PROJECT_SOURCE_DIR} log -1 --format=%ct
                    OUTPUT_VARIABLE epoch OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    if(epoch)
        set(ENV{SOURCE_DATE_EPOCH} ${epoch})
    endif()
endif()
string(TIMESTAMP changelog_date "%a, %d %b %Y %H:%M:%S +0000" UTC)
configure_file(packaging/changelog.in ${generated}/changelog @ONLY)

set(CPACK_THRD_CHANGELOG ${generated}/changelog)
set(CPACK_THRD_COPYRIGHT ${CMAKE_CURRENT_SOURCE_DIR}/packaging/copyright)
set(CPACK_THRD_CONTROL ${generated}/control)
set(CPACK_THRD_SOVERSION ${thrdsrv_soversion})
set(CPACK_THRD_PREFIX ${CMAKE_INSTALL_PREFIX})
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_SOURCE_DIR}/packaging/debian.cmake)
include(CPack)
