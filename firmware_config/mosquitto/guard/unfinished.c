#include "unfinished.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct waiting {
	struct waiting *before, *after;
	SSL *ssl;
	int64_t since_ms; /* 0 until it was looked at */
	char address[INET6_ADDRSTRLEN];
	unsigned of_address; /* how many of the same address wait */
	bool listed;
};

static struct waiting ring = {.before = &ring, .after = &ring}; /* the oldest first */
static int64_t count, looked_ms;
static int place = -1;
static bool is_on;

/* `by` more or fewer wait of the address of `one`; those that wait know how many they are. */
static unsigned note_address(const struct waiting *one, int by)
{
	unsigned same = 0;
	for (struct waiting *other = ring.after; other != &ring; other = other->after) {
		if (other->since_ms && strcmp(other->address, one->address) == 0) {
			other->of_address += (unsigned)by;
			same++;
		}
	}
	return same;
}

static void leave(struct waiting *one)
{
	if (!one->listed)
		return;
	one->before->after = one->after;
	one->after->before = one->before;
	one->listed = false;
	count--;
	if (one->since_ms)
		note_address(one, -1);
}

static void on_new(void *parent, void *ptr, CRYPTO_EX_DATA *data, int index, long l, void *p)
{
	(void)ptr;
	(void)l;
	(void)p;
	struct waiting *one = is_on ? calloc(1, sizeof *one) : NULL;
	if (!one || !CRYPTO_set_ex_data(data, index, one)) {
		free(one);
		return;
	}
	one->ssl = parent;
	one->before = ring.before;
	one->after = &ring;
	ring.before->after = one;
	ring.before = one;
	one->listed = true;
	count++;
}

static void on_free(void *parent, void *ptr, CRYPTO_EX_DATA *data, int index, long l, void *p)
{
	(void)parent;
	(void)data;
	(void)index;
	(void)l;
	(void)p;
	if (ptr) {
		leave(ptr);
		free(ptr);
	}
}

int unfinished_begin(void)
{
	if (place < 0)
		place = SSL_get_ex_new_index(0, NULL, on_new, NULL, on_free);
	is_on = place >= 0;
	return is_on;
}

void unfinished_end(void)
{
	is_on = false;
	while (ring.after != &ring)
		leave(ring.after);
}

/* The broker sees the end of the stream and closes it itself: the descriptor stays its own. */
static void end(struct waiting *one)
{
	int fd = SSL_get_fd(one->ssl);
	if (fd >= 0)
		shutdown(fd, SHUT_RDWR);
	leave(one);
}

static bool read_address(struct waiting *one)
{
	struct sockaddr_storage peer;
	socklen_t size = sizeof peer;
	int fd = SSL_get_fd(one->ssl);
	if (fd < 0 || getpeername(fd, (struct sockaddr *)&peer, &size) != 0)
		return false;
	const void *raw = peer.ss_family == AF_INET6
		? (const void *)&((struct sockaddr_in6 *)&peer)->sin6_addr
		: (const void *)&((struct sockaddr_in *)&peer)->sin_addr;
	return inet_ntop(peer.ss_family, raw, one->address, sizeof one->address) != NULL;
}

static bool may_arrive(const struct watcher *watcher, SSL *ssl, int64_t now_ms)
{
	char name[256];
	X509 *shown = SSL_get1_peer_certificate(ssl);
	if (!shown)
		return true; /* a listener that asks for none */
	int len = X509_NAME_get_text_by_NID(
		X509_get_subject_name(shown), NID_commonName, name, sizeof name);
	X509_free(shown);
	return len > 0 && watcher->may_arrive(name, now_ms);
}

/* Who has most waiting loses the oldest: a flood from one address shuts out no other. */
static void end_surplus(const struct watcher *watcher, int64_t most)
{
	while (count > most) {
		struct waiting *worst = ring.after;
		for (struct waiting *one = ring.after; one != &ring; one = one->after)
			if (one->of_address > worst->of_address)
				worst = one;
		end(worst);
		watcher->ended();
	}
}

void unfinished_look(const struct watcher *watcher, int64_t most_s, int64_t most, int64_t now_ms)
{
	if (count <= most && now_ms - looked_ms < 20)
		return;
	looked_ms = now_ms;
	for (struct waiting *one = ring.after, *next; one != &ring; one = next) {
		next = one->after;
		if (!one->since_ms) {
			if (!SSL_is_server(one->ssl)) { /* a bridge */
				leave(one);
				continue;
			}
			if (!read_address(one))
				continue; /* its socket comes in a moment, or is gone already */
			one->of_address = note_address(one, 1) + 1;
			one->since_ms = now_ms;
			if (!watcher->may_connect(one->address, now_ms)) {
				end(one);
				watcher->ended();
				continue;
			}
		}
		if (SSL_is_init_finished(one->ssl)) {
			if (may_arrive(watcher, one->ssl, now_ms))
				leave(one);
			else
				end(one);
		} else if (now_ms - one->since_ms > most_s * 1000) {
			end(one);
			watcher->ended();
		}
	}
	end_surplus(watcher, most);
}
