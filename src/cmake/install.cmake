# What is installed, and where. Component Runtime is the program with its pages, units and completions,
# Libraries the shared libraries, Development all that one needs to build with them.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/thrdsrv)
set(pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
set(examples_dir ${CMAKE_INSTALL_DATAROOTDIR}/doc/thrdsrv/examples)
set(generated ${CMAKE_CURRENT_BINARY_DIR}/install)

# The program. Without jansson it has thrd bench too, as a command that says why it cannot, and
# thrd(1) refers to the page: all pages always.
if(THRDSRV_PROGRAM)
    install(TARGETS thrd RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT Runtime)
    install(FILES man/thrd.1 man/thrd-bench.1 man/thrd-connect.1
            DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT Runtime)

    # Units: systemd knows where, for the system's own prefix. They name the program without a folder.
    set(THRDSRV_UNIT_DIR "" CACHE STRING "Where the units for systemd go; empty: where it looks")
    set(unit_dir ${THRDSRV_UNIT_DIR})
    if(NOT unit_dir AND CMAKE_INSTALL_PREFIX STREQUAL "/usr")
        find_package(PkgConfig QUIET)
        if(PkgConfig_FOUND)
            pkg_get_variable(unit_dir systemd systemd_system_unit_dir)
        endif()
    endif()
    if(NOT unit_dir)
        set(unit_dir lib/systemd/system)
    endif()
    install(FILES systemd/thrd.service systemd/thrd.socket systemd/thrd@.service
            DESTINATION ${unit_dir} COMPONENT Runtime)

    # What shells read by themselves, each in its own folder. Debian's zsh looks elsewhere in /usr.
    set(zsh_folder site-functions)
    if(EXISTS /etc/debian_version AND CMAKE_INSTALL_PREFIX STREQUAL "/usr")
        set(zsh_folder vendor-completions)
    endif()
    set(share ${CMAKE_INSTALL_DATAROOTDIR})
    install(FILES completions/thrd.bash DESTINATION ${share}/bash-completion/completions
            RENAME thrd COMPONENT Runtime)
    install(FILES completions/_thrd DESTINATION ${share}/zsh/${zsh_folder}
            COMPONENT Runtime)
    install(FILES completions/thrd.fish DESTINATION ${share}/fish/vendor_completions.d
            COMPONENT Runtime)
endif()

# Libraries and headers.
install(TARGETS thrdsrv_handler_static thrdsrv_handler_shared
                thrdsrv_server_static thrdsrv_server_shared
        EXPORT thrdsrvTargets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT Development
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT Libraries
                NAMELINK_COMPONENT Development
        INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/thrdsrv
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT Development
        FILES_MATCHING PATTERN "*.h")

# The CMake package.
install(EXPORT thrdsrvTargets NAMESPACE thrdsrv::
        DESTINATION ${package_dir} COMPONENT Development)
configure_package_config_file(cmake/thrdsrvConfig.cmake.in ${generated}/thrdsrvConfig.cmake
                              INSTALL_DESTINATION ${package_dir})
if(PROJECT_VERSION_MAJOR EQUAL 0)
    set(compatible SameMinorVersion)
else()
    set(compatible SameMajorVersion)
endif()
write_basic_package_version_file(${generated}/thrdsrvConfigVersion.cmake
                                 COMPATIBILITY ${compatible})
install(FILES ${generated}/thrdsrvConfig.cmake ${generated}/thrdsrvConfigVersion.cmake
        DESTINATION ${package_dir} COMPONENT Development)

# The pkg-config files find the rest from where they lie, so that the whole can be moved.
file(RELATIVE_PATH prefix_from_pkgconfig
     ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" prefix_from_pkgconfig "${prefix_from_pkgconfig}")
foreach(dir includedir libdir)
    string(TOUPPER CMAKE_INSTALL_${dir} variable)
    if(IS_ABSOLUTE "${${variable}}")
        set(pc_${dir} "${${variable}}")
    else()
        set(pc_${dir} "\${prefix}/${${variable}}")
    endif()
endforeach()
foreach(name thrdhandler thrdsrv)
    configure_file(cmake/${name}.pc.in ${generated}/${name}.pc @ONLY)
    install(FILES ${generated}/${name}.pc DESTINATION ${pkgconfig_dir} COMPONENT Development)
endforeach()

# The manual: thrdsrv(3) under the name of each function too. The lists of exported names are read
# again when they change; an object in them has a comment behind it.
set(maps ${CMAKE_CURRENT_SOURCE_DIR}/handler/thrdhandler.map
         ${CMAKE_CURRENT_SOURCE_DIR}/server/thrdsrv.map)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${maps})
file(REMOVE_RECURSE ${generated}/man3)
foreach(map IN LISTS maps)
    file(STRINGS ${map} functions REGEX "^ +thrdsrv_[a-z0-9_]+;$")
    foreach(line IN LISTS functions)
        string(REGEX MATCH "thrdsrv_[a-z0-9_]+" name "${line}")
        file(WRITE ${generated}/man3/${name}.3 ".so man3/thrdsrv.3\n")
    endforeach()
endforeach()
install(FILES man/thrdsrv.3 DESTINATION ${CMAKE_INSTALL_MANDIR}/man3 COMPONENT Development)
install(DIRECTORY ${generated}/man3 DESTINATION ${CMAKE_INSTALL_MANDIR} COMPONENT Development)
install(FILES man/thrd-handlers.7 DESTINATION ${CMAKE_INSTALL_MANDIR}/man7 COMPONENT Development)

# Programs to start from; tests/embed builds and runs them.
foreach(example greeting own_handler rot13_libevent rot13_libuv)
    install(FILES ${PROJECT_SOURCE_DIR}/tests/embed/${example}.c
            DESTINATION ${examples_dir} COMPONENT Development)
endforeach()
