/* rules.h - who may connect: networks that are allowed, and networks that are denied.
 *
 * Of all the networks that an address is of, the smallest decides, whatever the order in which they
 * were given. The same network allowed and denied is denied. An address that is of none is denied
 * where anything is allowed, else allowed.
 *
 * Rules never change: others are made, and put in their place. Who shares them, and when the old
 * ones may go, is the caller's to see to. No clock, no lock, no log; any thread. */
#ifndef SERVER_RULES_H
#define SERVER_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include <thrdsrv/config.h>

struct address;
struct rules;

/* *rules is the caller's, to be destroyed; NULL where there are none. Keeps nothing of what it is
 * given. Returns 0, THRDSRV_E_MEMORY, or THRDSRV_E_INVALID: rule number *wrong is none, and *why
 * says what is allowed, in static storage. */
int rules_create(struct rules **rules, const struct thrdsrv_rule *given, size_t count,
                 size_t *wrong, const char **why);

/* NULL is fine, too. */
void rules_destroy(struct rules *rules);

/* Whether they let this peer in; NULL: everybody. A Unix socket's peer has no address, and is let
 * in: its file's permissions say who may connect. One whose address is unknown is of no network.
 * The time grows with the logarithm of the number of rules, and with how deep they are nested. */
bool rules_allow(const struct rules *rules, const struct address *peer);

#endif
