# What the program measures with; not installed, and nothing that the server is made of.
#
#   thrd_client         the load generator, and the client of `thrd connect`
#   thrd_bench_core     servers to be measured, what they cost; `thrd check` needs no more
#   thrd_bench_report   the document of a run, and the forms in which people want it: needs jansson
#   thrd_bench          the command, or a file that says why it is not there

# The sender of `thrd connect` in a process of its own.
if(THRDSRV_FORK)
    set(split_fork client/split_fork.c)
else()
    set(split_fork client/split_fork_none.c)
endif()
add_library(thrd_client STATIC EXCLUDE_FROM_ALL
    client/dial.c
    client/endpoint.c
    client/exchange.c
    client/histogram.c
    client/load.c
    client/load_connection.c
    client/load_control.c
    client/load_thread.c
    client/load_thread_life.c
    client/open_files.c
    client/payload.c
    client/spare_sockets.c
    client/split_io.c
    client/split_sender.c
    client/split_thread.c
    client/tally.c
    ${split_fork})
target_include_directories(thrd_client PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(thrd_client PRIVATE thrdsrv_flags PUBLIC Threads::Threads)

add_library(thrd_bench_core STATIC EXCLUDE_FROM_ALL
    bench/accounting.c
    bench/child.c
    bench/child_stop.c
    bench/figures.c
    bench/free_port.c
    bench/held_memory.c
    bench/machine.c
    bench/measure.c
    bench/measure_figures.c
    bench/notes.c
    bench/plan.c
    bench/proc_file.c
    bench/processes.c
    bench/progress.c
    bench/room.c
    bench/run.c
    bench/statistics.c
    bench/target.c
    bench/workload.c)
target_link_libraries(thrd_bench_core PRIVATE thrdsrv_flags PUBLIC thrd_client m)

# What is done once before and once after a measurement is built small: program and report are most of
# the program's size, and nobody waits for them.
set(thrd_small $<$<CONFIG:Release>:-Os>)
target_compile_options(thrd_bench_core PRIVATE ${thrd_small})

include(cmake/jansson.cmake)
set(thrd_has_bench ${thrd_has_bench} PARENT_SCOPE) # for the tests
if(thrd_has_bench)
    include(cmake/page.cmake)
    add_library(thrd_bench_report STATIC EXCLUDE_FROM_ALL
        bench/report/compare.c
        bench/report/compare_conditions.c
        bench/report/compare_files.c
        bench/report/compare_judge.c
        bench/report/csv.c
        bench/report/derived.c
        bench/report/document.c
        bench/report/document_cells.c
        bench/report/document_findings.c
        bench/report/document_gaps.c
        bench/report/document_held.c
        bench/report/document_ratios.c
        bench/report/document_read.c
        bench/report/document_stevens.c
        bench/report/document_text.c
        bench/report/document_trouble.c
        bench/report/findings_pair.c
        bench/report/findings_words.c
        bench/report/html.c
        bench/report/layout.c
        bench/report/plot_axis.c
        bench/report/plot_data.c
        bench/report/quantity.c
        bench/report/sentence.c
        bench/report/shape_text.c
        bench/report/svg.c
        bench/report/svg_axes.c
        bench/report/svg_servers.c
        bench/report/svg_text.c
        bench/report/table.c
        bench/report/table_column.c
        bench/report/table_group.c
        bench/report/table_stevens.c
        ${thrd_page})
    target_compile_options(thrd_bench_report PRIVATE ${thrd_small})
    target_compile_definitions(thrd_bench_report PRIVATE BENCH_VERSION="${PROJECT_VERSION}")
    target_link_libraries(thrd_bench_report PRIVATE thrdsrv_flags
                                            PUBLIC thrd_bench_core thrd_jansson)
    add_library(thrd_bench STATIC EXCLUDE_FROM_ALL bench/bench.c)
    target_link_libraries(thrd_bench PRIVATE thrdsrv_flags PUBLIC thrd_bench_report)
else()
    add_library(thrd_bench STATIC EXCLUDE_FROM_ALL bench/bench_none.c)
    target_link_libraries(thrd_bench PRIVATE thrdsrv_flags PUBLIC thrd_bench_core)
endif()
