/* Connections whose TLS handshake is not over: nobody has shown a certificate on them yet.
 *
 * OpenSSL calls back for every connection that is made and freed, by an index for extra data. The
 * broker's one thread makes them, frees them and calls `unfinished_look`. */

#ifndef GUARD_UNFINISHED_H
#define GUARD_UNFINISHED_H

#include <stdbool.h>
#include <stdint.h>

struct watcher {
	/* Whether a new connection of this address may go on. */
	bool (*may_connect)(const char *address, int64_t now_ms);
	/* Whether a connection that has shown this certificate may go on. */
	bool (*may_arrive)(const char *common_name, int64_t now_ms);
	/* One was ended before it showed a certificate. */
	void (*ended)(void);
};

/* 0 where OpenSSL has no room. */
int unfinished_begin(void);

void unfinished_end(void);

/* Ends those older than `most_s`, and those that `watcher` does not let go on. While they are more
 * than `most`, it ends the oldest of the address that has most of them. */
void unfinished_look(const struct watcher *watcher, int64_t most_s, int64_t most, int64_t now_ms);

#endif
