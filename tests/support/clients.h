/* clients - one client at a time: connect, send, receive, and end in each of the ways there are.
 *
 * Addresses are those of the ready line: "127.0.0.1:43211", "[::1]:43211", "unix:/path",
 * "unix:@abstract". Everything waits for its event with patience() and fails the case when it does
 * not come. All clients of a case are closed at its end, so a case need not close what it only
 * holds. */
#ifndef SUPPORT_CLIENTS_H
#define SUPPORT_CLIENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Connects. Returns the client's descriptor (non-blocking, close-on-exec). */
int client_connect(const char *address);

/* The same with a receive buffer of so many bytes, as the kernel understands SO_RCVBUF. */
int client_connect_with_buffer(const char *address, int receive_buffer);

/* A client of an echo server that is being served for sure, because it was answered. */
int client_served(const char *address);

/* Both from another address of this machine, "127.0.0.2" or "fd00::1". */
int client_connect_from(const char *source, const char *address);
int client_served_from(const char *source, const char *address);

/* Begins to connect: a descriptor whose connection may still be under way, or -errno. For crowds
 * and for addresses that refuse. */
int client_begin(const char *address, int receive_buffer);

/* Waits for the end of what client_begin() began. Returns 0 or the errno of the failure. */
int client_begun(int fd);

/* Both ends of a connected pair of stream sockets: the client's, and *theirs, which is the case's
 * to close. */
int client_pair(int *theirs);

/* The client's own address, which is peer= in the server's log. */
void client_name(int fd, char *buf, size_t size);

/* Sends all of it. */
void client_send(int fd, const void *data, size_t size);
void client_send_text(int fd, const char *text);

/* For clients that are to be cut at some time: send it all, or send a text and hear it again.
 * Return false when the server has ended the connection instead. */
bool client_try_send(int fd, const void *data, size_t size);
bool client_try_echo(int fd, const char *text);

/* Receives exactly this. */
void client_expect(int fd, const void *data, size_t size);
void client_expect_text(int fd, const char *text);

/* Sends a text and receives the same. */
void client_echo(int fd, const char *text);

/* Connects and says nothing: this text comes, and then the end of input. */
void client_expect_answer(const char *address, const char *text);

/* Receives up to and including a newline, as a string without its line end (CRLF or LF). */
char *client_read_line(int fd, char *buf, size_t size);

/* Receives size bytes, or less where the end of input comes first. Returns the count. */
size_t client_read(int fd, void *buf, size_t size);

/* Receives up to the end of input. Returns the count; more than size is a failure. */
size_t client_read_all(int fd, void *buf, size_t size);

/* The server's next and last word is the end of input; closes the client. */
void client_expect_eof(int fd);

/* The server ends the connection, by EOF or reset; what comes before is thrown away. Returns 0 or
 * ECONNRESET; the descriptor stays open. */
int client_wait_end(int fd);

/* Whether the server has ended the connection or said something, without waiting. */
bool client_has_news(int fd);

/* Ends the client's side only; that, and client_expect_eof(). */
void client_half_close(int fd);
void client_leave(int fd);

/* Closes: in order, or with a reset. */
void client_close(int fd);
void client_reset(int fd);

/* For the end of a case. */
void clients_close_all(void);

#endif
