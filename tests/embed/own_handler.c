/* own_handler.c - a handler of your own, which knows no socket: run by a server in mode thread or
 * fork, and as a filter. It has the same standing as those of the library, so it would also run in
 * rot13_libevent.c and rot13_libuv.c.
 *
 *     cc own_handler.c $(pkg-config --cflags --libs thrdsrv) -o count
 *     ./count thread 127.0.0.1:43211
 *     ./count filter <own_handler.c
 *
 * The service counts what it is sent, and says at the end "LINES lines, BYTES bytes". */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <thrdsrv/server.h>

struct session {
    unsigned long long lines, bytes;
    size_t length; /* of text, 0 until the end of input */
    size_t sent;   /* bytes of it */
    char text[80];
};

static void start(void *session, const struct thrdsrv_start *start)
{
    struct session *s = session;
    (void)start;
    s->lines = s->bytes = 0;
    s->length = s->sent = 0;
}

static void count(struct session *s, struct thrdsrv_stream *stream)
{
    for (size_t i = 0; i < stream->avail_in; i++)
        s->lines += stream->next_in[i] == '\n';
    s->bytes += stream->avail_in;
    stream->next_in += stream->avail_in; /* consumed */
    stream->avail_in = 0;
}

/* There may be less room than text: then the caller is asked for more. */
static enum thrdsrv_step answer(struct session *s, struct thrdsrv_stream *stream)
{
    size_t size = s->length - s->sent;
    if (size > stream->avail_out)
        size = stream->avail_out;
    if (size > 0)
        memcpy(stream->next_out, s->text + s->sent, size);
    stream->next_out += size;
    stream->avail_out -= size;
    s->sent += size;
    return s->sent < s->length ? THRDSRV_STEP_WANT_OUTPUT : THRDSRV_STEP_DONE;
}

static enum thrdsrv_step step(void *session, struct thrdsrv_stream *stream)
{
    struct session *s = session;
    if (stream->avail_in > 0)
        count(s, stream);
    if (stream->input != THRDSRV_INPUT_END)
        return THRDSRV_STEP_WANT_INPUT;
    if (s->length == 0)
        s->length = (size_t)snprintf(s->text, sizeof s->text, "%llu lines, %llu bytes\n", s->lines,
                                     s->bytes);
    return answer(s, stream);
}

static const struct thrdsrv_handler counter = {
    .name = "count",
    .summary = "counts lines and bytes up to the end of input",
    .session_size = sizeof(struct session),
    .start = start,
    .step = step,
};

static int serve(enum thrdsrv_mode mode, const char *address)
{
    struct thrdsrv_config config = THRDSRV_CONFIG_INIT;
    struct thrdsrv_server *server;
    config.handler = &counter;
    config.mode = mode;
    config.listen = &address;
    config.listen_count = 1;
    config.log = thrdsrv_log_stderr;
    if (thrdsrv_server_create(&config, &server) < 0)
        return 1;
    int result = thrdsrv_server_run(server);
    thrdsrv_server_destroy(server);
    return result < 0;
}

/* From standard input to standard output. A handler of another kind may leave input unconsumed,
 * which would have to be kept: this one never does. */
static int filter(void)
{
    unsigned char in[4096], out[4096];
    struct session session;
    struct thrdsrv_start start = {.unix_time = time(NULL), .peer = ""};
    enum thrdsrv_step answer = THRDSRV_STEP_WANT_INPUT;
    struct thrdsrv_stream stream = {0};
    counter.start(&session, &start);
    while (answer < THRDSRV_STEP_DONE) {
        if (answer == THRDSRV_STEP_WANT_INPUT) {
            stream.next_in = in;
            stream.avail_in = fread(in, 1, sizeof in, stdin);
            stream.input = stream.avail_in > 0 ? THRDSRV_INPUT_MORE : THRDSRV_INPUT_END;
        }
        stream.next_out = out;
        stream.avail_out = sizeof out;
        answer = counter.step(&session, &stream);
        fwrite(out, 1, sizeof out - stream.avail_out, stdout);
    }
    return ferror(stdin) || fflush(stdout) == EOF || answer == THRDSRV_STEP_FAILED;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "filter") == 0)
        return filter();
    if (argc == 3 && strcmp(argv[1], "thread") == 0)
        return serve(THRDSRV_MODE_THREAD, argv[2]);
    if (argc == 3 && strcmp(argv[1], "fork") == 0)
        return serve(THRDSRV_MODE_FORK, argv[2]);
    fprintf(stderr, "usage: %s thread ADDRESS | fork ADDRESS | filter\n", argv[0]);
    return 2;
}
