# thrd_bench_page: bench/html.c with the files of bench/page inside (embed.cmake).

set(page_folder ${CMAKE_CURRENT_SOURCE_DIR}/bench/page)
set(page_files page.html page.css dark.css numbers.js plot.js cells.js tables.js page.js)
set(page_embedded ${CMAKE_CURRENT_BINARY_DIR}/bench_page.c)
list(TRANSFORM page_files PREPEND ${page_folder}/ OUTPUT_VARIABLE page_sources)
list(JOIN page_files " " page_names)
add_custom_command(
    OUTPUT ${page_embedded}
    COMMAND ${CMAKE_COMMAND} -DFOLDER=${page_folder} -DFILES=${page_names} -DNAME=page
            -DOUTPUT=${page_embedded} -P ${CMAKE_CURRENT_LIST_DIR}/embed.cmake
    DEPENDS ${page_sources} ${CMAKE_CURRENT_LIST_DIR}/embed.cmake
    COMMENT "Embedding the page of thrd bench"
    VERBATIM)

add_library(thrd_bench_page OBJECT EXCLUDE_FROM_ALL bench/html.c bench/figures.c ${page_embedded})
target_include_directories(thrd_bench_page PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}
                                           PRIVATE ${PROJECT_SOURCE_DIR}/include)
target_link_libraries(thrd_bench_page PUBLIC PkgConfig::JANSSON PRIVATE thrdsrv_flags)
