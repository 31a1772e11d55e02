# The library jansson (JSON), which `thrd bench` needs, and nothing else.
#
# Sets thrd_has_bench: whether bench is built. THRDSRV_BENCH=ON insists on it; AUTO takes what there is and
# remembers nothing, so that the next configuration finds what was installed since.

include(CheckCSourceCompiles)

# The linker is told a name (-ljansson), not a file, so that it takes the static library where
# -static is among its flags.
function(thrd_find_jansson)
    find_package(PkgConfig QUIET)
    if(PkgConfig_FOUND)
        pkg_check_modules(JANSSON QUIET jansson>=2.12)
    endif()
    if(NOT JANSSON_FOUND)
        return()
    endif()
    add_library(thrd_jansson INTERFACE IMPORTED GLOBAL) # imported: for try_compile too
    target_include_directories(thrd_jansson SYSTEM INTERFACE ${JANSSON_INCLUDE_DIRS})
    target_link_directories(thrd_jansson INTERFACE ${JANSSON_LIBRARY_DIRS})
    target_link_libraries(thrd_jansson INTERFACE ${JANSSON_LIBRARIES})
endfunction()

# What pkg-config knows may be another compiler's: musl-gcc has a libc and libraries of its own.
function(thrd_try_jansson result)
    set(CMAKE_REQUIRED_LIBRARIES thrd_jansson)
    set(CMAKE_REQUIRED_QUIET ON)
    unset(thrd_jansson_works CACHE)
    check_c_source_compiles("#include <jansson.h>
        int main(void) { json_t *json = json_object(); json_decref(json); return 0; }"
        thrd_jansson_works)
    set(${result} ${thrd_jansson_works} PARENT_SCOPE)
endfunction()

set(thrd_has_bench OFF)
if(THRDSRV_PROGRAM AND THRDSRV_BENCH)
    thrd_find_jansson()
    if(TARGET thrd_jansson)
        thrd_try_jansson(thrd_has_bench)
    endif()
    if(NOT thrd_has_bench AND NOT THRDSRV_BENCH STREQUAL "AUTO")
        message(FATAL_ERROR
            "THRDSRV_BENCH=ON, but pkg-config finds no jansson (2.12 or later) that ${CMAKE_C_COMPILER} "
            "can compile and link with. Debian, Ubuntu: apt-get install libjansson-dev pkg-config. "
            "Without `thrd bench`: -DTHRDSRV_BENCH=OFF")
    elseif(NOT thrd_has_bench)
        message(STATUS "`thrd bench` is not built: no jansson (Debian: libjansson-dev, pkg-config)")
    endif()
endif()
