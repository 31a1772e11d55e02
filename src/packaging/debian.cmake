# What Debian wants in a package besides what is installed everywhere. cpack runs this when the files of
# the packages lie in folders of their own, before it packs them.

if(NOT CPACK_THRD_PREFIX STREQUAL "/usr")
    message(FATAL_ERROR "The prefix is ${CPACK_THRD_PREFIX}, and Debian's packages are for /usr: "
                        "cmake -B build -DCMAKE_INSTALL_PREFIX=/usr")
endif()

function(run)
    execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

function(compress file)
    run(gzip --best --no-name --force ${file})
endfunction()

# What programs that are linked with the libraries will depend on, and that the loader's cache is to be
# made anew: control files of their package.
function(write_control_files package root)
    set(to ${CPACK_THRD_CONTROL})
    set(name_and_version "${CPACK_THRD_SOVERSION} ${package} (>= ${CPACK_PACKAGE_VERSION})\n")
    file(WRITE ${to}/shlibs "libthrdhandler ${name_and_version}libthrdsrv ${name_and_version}")
    file(WRITE ${to}/triggers "activate-noawait ldconfig\n")
    run(dpkg-gensymbols -q -p${package} -v${CPACK_PACKAGE_VERSION} -P${root} -O${to}/symbols)
    file(READ ${to}/symbols symbols)
    string(REPLACE "#MINVER#\n" "#MINVER#\n* Build-Depends-Package: libthrdsrv-dev\n" symbols "${symbols}")
    file(WRITE ${to}/symbols "${symbols}")
endfunction()

foreach(component IN LISTS CPACK_COMPONENTS_ALL)
    string(TOUPPER ${component} upper)
    set(root ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/${component})
    set(doc ${root}/usr/share/doc/${CPACK_DEBIAN_${upper}_PACKAGE_NAME})
    if(IS_DIRECTORY ${root}/usr/share/doc/thrdsrv) # the examples
        file(RENAME ${root}/usr/share/doc/thrdsrv ${doc})
    endif()
    file(COPY ${CPACK_THRD_COPYRIGHT} DESTINATION ${doc})
    configure_file(${CPACK_THRD_CHANGELOG} ${doc}/changelog.Debian COPYONLY)
    compress(${doc}/changelog.Debian)

    file(GLOB pages ${root}/usr/share/man/man*/*)
    foreach(page IN LISTS pages)
        compress(${page})
    endforeach()

    # The loader finds libraries in the system's folders, without being told where the program lies.
    file(GLOB_RECURSE libraries ${root}/usr/lib/*.so.*.*.*)
    foreach(library IN LISTS libraries)
        file(RPATH_REMOVE FILE ${library})
    endforeach()
    file(GLOB_RECURSE programs ${root}/usr/bin/*)
    foreach(file IN LISTS libraries programs)
        run(strip --remove-section=.comment --remove-section=.note ${file})
    endforeach()
    file(GLOB_RECURSE archives ${root}/usr/lib/*.a)
    foreach(archive IN LISTS archives)
        run(strip --strip-debug --remove-section=.comment --enable-deterministic-archives ${archive})
    endforeach()
    if(component STREQUAL Libraries)
        write_control_files(${CPACK_DEBIAN_LIBRARIES_PACKAGE_NAME} ${root})
    endif()
endforeach()
