/* process_title.h - what ps(1) shows as the command line of a process.
 *
 * What it does: writes over the memory in which the kernel put argv and the environment when the
 * program was started; /proc/PID/cmdline is read from there. Linux has no call for it that an
 * ordinary user may use.
 * What it does not do: it never writes beyond that area (a longer title is cut off), and does
 * not touch the name of the thread (/proc/PID/comm), which is the library's.
 * Called by main.c at the start, and by serve.c in a child process. Not for several threads. */
#ifndef THRD_CLI_PROCESS_TITLE_H
#define THRD_CLI_PROCESS_TITLE_H

/* Finds the area, and moves the environment to memory of its own, where getenv() and setenv()
 * go on working. The strings of argv stay as they are until process_title_set(). Without
 * arguments or memory nothing happens, now and in process_title_set(). argc may be 0. */
void process_title_init(int argc, char *argv[]);

/* Replaces the command line. After this the strings of argv are gone. */
void process_title_set(const char *title);

#endif
