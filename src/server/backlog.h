/* backlog.h - those who wait at a listener when the server is about to stop.
 *
 * The kernel has let them in, and they may have sent something already. So the drain serves them:
 * it seals the listener, then takes out of the backlog whom there is no slot for yet, so that the
 * socket can be closed, and newcomers are refused rather than kept waiting for what will not be.
 * All that holds for sockets at which nobody else accepts; else the backlog is left to the others.
 * Accept loop only. */
#ifndef SERVER_BACKLOG_H
#define SERVER_BACKLOG_H

#include "server/listener.h"

/* Nobody else gets in from here on, or nearly so: in TCP those do who have begun to connect, for a
 * moment, and whoever begins hears nothing until the socket is closed (connect(2) tries again after
 * a second). Nothing where others accept. Twice is fine. */
void backlog_seal(struct listener *listener);

/* Takes those who wait out, for backlog_accept() to give. Returns whether that was all of them, and
 * the listener can be closed: false where descriptors or memory are short. What the host has handed
 * over is out already, and waits in its pipe. */
bool backlog_withdraw(struct listener *listener);

/* listener_accept(), but those who were taken out come first. */
enum accept_verdict backlog_accept(const struct listener *listener, int *fd, struct address *peer);

/* Ends the connections of all who still wait: by a reset, which tells them that nobody has read
 * what they sent. Returns how many there were. */
unsigned backlog_reset(struct listener *listener);

/* Whether somebody may still wait there. */
bool backlog_is_open(const struct listener *listener);

#endif
