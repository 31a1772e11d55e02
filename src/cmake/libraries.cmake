# How a library is made: its sources are compiled once, and of the objects come a static and a
# shared library that offer the same names, those with THRDSRV_API in the public headers. The tests
# boundary.exports_* compare them.

if(NOT CMAKE_OBJCOPY)
    message(FATAL_ERROR "objcopy not found (Debian: binutils): the static library needs it")
endif()

# Before 1.0.0 the interface may change with the minor number, see include/thrdsrv/version.h.
if(PROJECT_VERSION_MAJOR EQUAL 0)
    set(thrdsrv_soversion ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
else()
    set(thrdsrv_soversion ${PROJECT_VERSION_MAJOR})
endif()

# The compiler as a linker, with what chooses the machine that it makes code for. CC may have held
# more than a name.
separate_arguments(thrdsrv_machine UNIX_COMMAND "${CMAKE_C_FLAGS}")
list(FILTER thrdsrv_machine INCLUDE REGEX "^(-m|-B|--target=|--sysroot=|-fuse-ld=)")
if(CMAKE_C_COMPILER_TARGET)
    list(APPEND thrdsrv_machine --target=${CMAKE_C_COMPILER_TARGET})
endif()
separate_arguments(thrdsrv_linker UNIX_COMMAND "${CMAKE_C_COMPILER_ARG1}")
set(thrdsrv_linker ${CMAKE_C_COMPILER} ${thrdsrv_linker} ${thrdsrv_machine})

# thrdsrv_objects(PART SOURCE...): the objects of a part, target thrdsrv_PART_objects. They are
# machine code even where the rest is built with -flto: objcopy(1) cannot hide names in other code.
function(thrdsrv_objects part)
    set(objects thrdsrv_${part}_objects)
    add_library(${objects} OBJECT EXCLUDE_FROM_ALL ${ARGN})
    target_include_directories(${objects} PRIVATE ${PROJECT_SOURCE_DIR}/include
                                                  ${CMAKE_CURRENT_SOURCE_DIR})
    target_compile_options(${objects} PRIVATE -fno-lto)
    if(THRDSRV_TESTS) # tests/faults adds up what functions need of the stack: FILE.su beside each object
        target_compile_options(${objects} PRIVATE -fstack-usage)
    endif()
    target_link_libraries(${objects} PRIVATE thrdsrv_flags Threads::Threads)
endfunction()

# thrdsrv_libraries(PART NAME [JOINED]): libNAME.a and libNAME.so, targets thrdsrv_PART_static and
# thrdsrv_PART_shared; thrdsrv::PART is the one of them that BUILD_SHARED_LIBS asks for. A part
# whose files have functions in common has to be JOINED.
function(thrdsrv_libraries part name)
    set(objects $<TARGET_OBJECTS:thrdsrv_${part}_objects>)
    if("JOINED" IN_LIST ARGN)
        thrdsrv_join(${part} joined)
        add_library(thrdsrv_${part}_static STATIC ${joined})
        add_dependencies(thrdsrv_${part}_static thrdsrv_${part}_objects)
    else()
        add_library(thrdsrv_${part}_static STATIC ${objects})
    endif()

    set(map ${CMAKE_CURRENT_SOURCE_DIR}/${part}/${name}.map)
    add_library(thrdsrv_${part}_shared SHARED ${objects})
    target_link_libraries(thrdsrv_${part}_shared PRIVATE thrdsrv_flags)
    # Bound when it is loaded: a child of mode fork must not need the loader, which has locks.
    target_link_options(thrdsrv_${part}_shared PRIVATE "LINKER:--version-script=${map}"
                                                       LINKER:-z,now)
    if(NOT THRDSRV_SANITIZE) # the sanitizers' functions are in the program that loads the library
        target_link_options(thrdsrv_${part}_shared PRIVATE LINKER:--no-undefined)
    endif()
    set_target_properties(thrdsrv_${part}_shared PROPERTIES
                          LINK_DEPENDS ${map}
                          VERSION ${PROJECT_VERSION}
                          SOVERSION ${thrdsrv_soversion})

    foreach(kind static shared)
        thrdsrv_name_library(${part} ${kind} ${name})
    endforeach()
    if(BUILD_SHARED_LIBS)
        add_library(thrdsrv::${part} ALIAS thrdsrv_${part}_shared)
    else()
        add_library(thrdsrv::${part} ALIAS thrdsrv_${part}_static)
    endif()
endfunction()

# Sets RESULT to one object made of all those of a part, in which only what has THRDSRV_API is
# still global. In an archive of the single objects the functions that they share (log_send) would
# be everybody's, and a program with a function of such a name could not be linked with it.
function(thrdsrv_join part result)
    set(directory ${CMAKE_CURRENT_BINARY_DIR})
    if(CMAKE_CONFIGURATION_TYPES) # needs CMake 3.20
        string(APPEND directory /$<CONFIG>)
    endif()
    set(object ${directory}/thrdsrv_${part}${CMAKE_C_OUTPUT_EXTENSION})
    set(objects $<TARGET_OBJECTS:thrdsrv_${part}_objects>)
    add_custom_command(
        OUTPUT ${object}
        COMMAND ${thrdsrv_linker} -r -nostdlib -o ${object} ${objects}
        COMMAND ${CMAKE_OBJCOPY} --localize-hidden ${object}
        DEPENDS ${objects}
        COMMENT "Joining the objects of thrdsrv_${part}_static"
        COMMAND_EXPAND_LISTS VERBATIM)
    set(${result} ${object} PARENT_SCOPE)
endfunction()

# The names by which programs and other projects know the library, and where it lies.
function(thrdsrv_name_library part kind name)
    set(library thrdsrv_${part}_${kind})
    add_library(thrdsrv::${part}_${kind} ALIAS ${library})
    target_include_directories(${library} INTERFACE
                               $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>)
    set_target_properties(${library} PROPERTIES
                          LINKER_LANGUAGE C
                          OUTPUT_NAME ${name}
                          EXPORT_NAME ${part}_${kind}
                          ARCHIVE_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}
                          LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
    if(NOT top_level AND NOT THRDSRV_INSTALL)
        set_target_properties(${library} PROPERTIES EXCLUDE_FROM_ALL TRUE)
    endif()
endfunction()
