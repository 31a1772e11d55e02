/* status.c - see status.h. */
#include "cli/status.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/status_fetch.h"
#include "cli/status_json.h"
#include "cli/status_lines.h"
#include "cli/status_servers.h"

/* ---- One answer -------------------------------------------------------------------------- */

static const char *reason_of(enum status_fetch end, int error)
{
    switch (end) {
    case STATUS_FETCHED:
        break;
    case STATUS_NO_SERVER:
        return strerror(error);
    case STATUS_REFUSED:
        return "the server says nothing";
    case STATUS_CUT:
        return "the answer ends in its middle";
    case STATUS_LATE:
        return "no answer within 5 seconds";
    case STATUS_FAILED:
        return strerror(error);
    }
    return "no answer";
}

static const char *remedy_of(enum status_fetch end, int error)
{
    if (end == STATUS_NO_SERVER && (error == EACCES || error == EPERM))
        return "the server's user and root may ask";
    if (end == STATUS_NO_SERVER && error == ECONNREFUSED)
        return "the server that made this socket has gone, or it is no control socket";
    if (end == STATUS_NO_SERVER && (error == ENOENT || error == ENOTDIR))
        return "no server has its control socket there, see its ready line";
    if (end == STATUS_REFUSED)
        return "it stops, or it is another user's";
    if (end == STATUS_CUT)
        return "the server has stopped meanwhile, or this is no control socket";
    if (end == STATUS_LATE)
        return "the process is stopped, or others ask and do not read";
    return "see connect(2)";
}

static int fail_fetch(const char *path, enum status_fetch end, int error)
{
    fprintf(stderr, "thrd: status: %s: %s; %s\n", path, reason_of(end, error),
            remedy_of(end, error));
    return COMMAND_SYSTEM;
}

static int fail_memory(void)
{
    fprintf(stderr, "thrd: status: no memory for the answer\n");
    return COMMAND_SYSTEM;
}

/* Uses text up. Returns 0, or -1 where there is no memory. */
static int show(char *text, FILE *stream, const struct status_request *request,
                const struct status_layout *layout)
{
    struct status_lines lines;
    int error = 0;
    if (status_lines_init(&lines, text) < 0)
        return -1;
    if (request->json)
        status_json_write(stream, &lines);
    else
        error = status_table_write(stream, &lines, layout);
    status_lines_fini(&lines);
    return error;
}

static struct status_layout layout_for(int fd, const struct status_request *request)
{
    struct status_layout layout = {.order = request->order};
    struct winsize window;
    if (isatty(fd) && ioctl(fd, TIOCGWINSZ, &window) == 0) {
        layout.width = window.ws_col;
        /* The cursor stands below the last line. */
        if (request->watch_ms > 0 && window.ws_row > 1)
            layout.height = window.ws_row - 1u;
    }
    return layout;
}

/* ---- The screen -------------------------------------------------------------------------- */

/* Over what is there, without clearing it first, so that nothing flickers: each line and the rest
 * of the screen are cleared behind what is written (ECMA-48: CUP, EL, ED). What is longer or wider
 * than the screen is cut, or it would move all that is above. */
static void draw(FILE *stream, const char *text, const struct status_layout *layout)
{
    fputs("\033[H", stream);
    for (size_t lines = 0; *text != '\0' && lines < layout->height; lines++) {
        size_t length = strcspn(text, "\n");
        size_t shown = layout->width > 0 && length > layout->width ? layout->width : length;
        fwrite(text, 1, shown, stream);
        fputs("\033[K\n", stream);
        text += length + (text[length] == '\n');
    }
    fputs("\033[J", stream);
}

/* Uses text up. */
static int show_on_screen(char *text, const struct status_request *request,
                          const struct status_layout *layout)
{
    char *drawn = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&drawn, &size);
    if (!stream)
        return -1;
    int error = show(text, stream, request, layout);
    if (fclose(stream) != 0)
        error = -1;
    if (error == 0)
        draw(stdout, drawn, layout);
    free(drawn);
    return error;
}

/* One answer, number index (0, 1 …). Returns the exit status so far. */
static int ask_once(const char *path, const struct status_request *request, unsigned index)
{
    struct status_layout layout = layout_for(STDOUT_FILENO, request);
    bool on_screen = request->watch_ms > 0 && !request->json && layout.height > 0;
    char *text;
    enum status_fetch end = status_fetch(path, &text);
    if (end != STATUS_FETCHED)
        return fail_fetch(path, end, errno);
    if (index > 0 && !request->json && !on_screen)
        putchar('\n');
    int error =
        on_screen ? show_on_screen(text, request, &layout) : show(text, stdout, request, &layout);
    free(text);
    return error < 0 ? fail_memory() : command_finish_stdout();
}

/* Answers come at equal distances, whatever each takes. */
static void wait_for_next(struct timespec *due, int64_t ms)
{
    due->tv_sec += (time_t)(ms / 1000);
    due->tv_nsec += (long)(ms % 1000) * 1000000;
    if (due->tv_nsec >= 1000000000) {
        due->tv_sec++;
        due->tv_nsec -= 1000000000;
    }
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, due, NULL) == EINTR)
        continue;
}

int status_run(const struct status_request *request)
{
    char found[CONTROL_PATH_SIZE];
    const char *path = request->path;
    struct timespec due;
    int status = path ? COMMAND_DONE : status_servers_find(found);
    if (!path)
        path = found;
    clock_gettime(CLOCK_MONOTONIC, &due);
    for (unsigned i = 0; status == COMMAND_DONE; i++) {
        if (i > 0)
            wait_for_next(&due, request->watch_ms);
        status = ask_once(path, request, i);
        if (request->watch_ms == 0)
            break;
    }
    return status;
}
