/*
 * The wire end of transport udp: one socket, and never more on the line than the
 * rate that was configured.
 */
#ifndef LIMPID_SEND_WIRE_H
#define LIMPID_SEND_WIRE_H

#include <stddef.h>
#include <stdint.h>

struct conf_link;
struct send_wire;

/* Makes the socket. Refuses without a rate. On failure *why (caller frees) is a
 * sentence. */
int send_wire_new(const struct conf_link *c, struct send_wire **wp, char **why);
void send_wire_free(struct send_wire *w);
int send_wire_is_six(const struct send_wire *w);
/*
 * Sends some of count datagrams of size bytes each, which lie one behind the other;
 * *sent says how many, at most what the rate allows now. ERR_AGAIN: none, try again
 * in *wait_ns. ERR_PEER: this host has no way there (errno says why). ERR_LIMIT:
 * larger than the interface's MTU.
 */
int send_wire_send(struct send_wire *w, const uint8_t *data, size_t size,
    size_t count, size_t *sent, int64_t *wait_ns);
/* Sends one small datagram at once; the next ones wait for it. */
int send_wire_single(struct send_wire *w, const uint8_t *data, size_t size);

#endif
