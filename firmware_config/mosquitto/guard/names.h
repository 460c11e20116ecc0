/* What is remembered of each name: how much it may still do, and what it was refused. A name is a
 * certificate's, so there are no more of them than certificates; or an address, see `names_of`. */

#ifndef GUARD_NAMES_H
#define GUARD_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "rules.h"

#define RETAINED_MOST 64

/* What may be spent. Filled at a rate, up to a burst; full at first. */
struct bucket {
	int64_t spent_milli;
	int64_t at_ms;
};

struct name {
	struct name *next;
	char *name;
	char *site, *exams; /* NULL until the office has said them */
	bool revoked;
	int64_t shut_out_until_ms;
	struct bucket messages, bytes, refusals, arrivals;
	uint64_t retained[RETAINED_MOST]; /* hashes of topics, 0 where free */
	uint64_t refused[REASONS];
};

struct names {
	struct name *buckets[4096];
	unsigned count, most; /* beyond `most` names all are forgotten; 0: never */
};

struct name *names_of(struct names *names, const char *name);

void names_free(struct names *names);

bool spend(struct bucket *bucket, int64_t cost, int64_t per_s, int64_t burst, int64_t now_ms);

/* Whether a retained message may be kept under `topic`: `most` topics at most, an empty message
 * frees its own. */
bool note_retained(struct name *name, const char *topic, bool is_empty, int64_t most);

/* Keeps what the office said of it. 0 where there is no memory. */
int enrol(struct name *name, const char *site, const char *exams, bool revoked);

#endif
