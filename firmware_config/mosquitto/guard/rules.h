/* What a gate may publish: its topics, and of each the quality of service, size and retention.
 * Functions of values. That the topic is the gate's own is the acl file's part. */

#ifndef GUARD_RULES_H
#define GUARD_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum reason {
	OK,
	BAD_TOPIC,      /* none of a gate's */
	BAD_QOS,        /* 0 where flow control is needed */
	BAD_SIZE,
	BAD_RETAIN,     /* a topic that keeps nothing, or too many that do */
	NOT_ENROLLED,   /* another exam or site than the office enrolled it for, or struck off */
	OVER_QUOTA,     /* too many messages or bytes */
	SHUT_OUT,       /* a connection while it may have none, or one too many */
	UNFINISHED,     /* a connection without a certificate */
	SUBSCRIPTIONS,
	REASONS
};

extern const char *const REASON_NAMES[REASONS];

/* The parts of eg/1/<exam>/<site>/<gate>/<part>; they point into the topic. */
struct place {
	const char *exam, *site, *gate, *part;
	size_t exam_len, site_len, gate_len;
};

bool place_of(const char *topic, struct place *place);

/* Whether `gate` may hear a message of `topic`: who has entered, and notices of rosters, are for the
 * gates of one site. `site`: NULL until the office has said it; the name begins with it then. */
bool may_hear(const char *topic, const char *gate, const char *site);

/* `bytes`: of the payload. */
enum reason rules_publish(const struct place *place, unsigned qos, bool retain, uint32_t bytes);

/* Whether `exam` is one of `exams`, which are separated by commas. */
bool is_one_of(const char *exam, size_t len, const char *exams);

#endif
