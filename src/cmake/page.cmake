# Sets thrd_page to a C file that holds the files of bench/report/page (embed.cmake).

set(page_folder ${CMAKE_CURRENT_SOURCE_DIR}/bench/report/page)
set(page_files page.html page.css dark.css numbers.js plot.js cells.js tables.js page.js)
set(thrd_page ${CMAKE_CURRENT_BINARY_DIR}/bench_page.c)
list(TRANSFORM page_files PREPEND ${page_folder}/ OUTPUT_VARIABLE page_sources)
list(JOIN page_files " " page_names)
add_custom_command(
    OUTPUT ${thrd_page}
    COMMAND ${CMAKE_COMMAND} -DFOLDER=${page_folder} -DFILES=${page_names} -DNAME=page
            -DOUTPUT=${thrd_page} -P ${CMAKE_CURRENT_LIST_DIR}/embed.cmake
    DEPENDS ${page_sources} ${CMAKE_CURRENT_LIST_DIR}/embed.cmake
    COMMENT "Embedding the page of thrd bench"
    VERBATIM)
