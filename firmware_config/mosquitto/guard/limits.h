/* What one name may do. Each can be set in the broker's configuration as plugin_opt_<field>. */

#ifndef GUARD_LIMITS_H
#define GUARD_LIMITS_H

#include <stdint.h>

struct limits {
	int64_t messages_per_s, messages_burst;
	int64_t bytes_per_s, bytes_burst;
	int64_t refusals_per_s, refusals_burst; /* beyond these the connection is ended */
	int64_t arrivals_per_s, arrivals_burst; /* connections of one certificate */
	int64_t connections_per_s, connections_burst; /* of one address, certificate unknown */
	int64_t shut_out_s;      /* after too many refusals no connection for so long */
	int64_t unfinished_s;    /* a connection that has shown no certificate by then is ended */
	int64_t unfinished_max;  /* so many of them at once, well below max_connections */
	int64_t retained_max;    /* topics of one gate with a retained message */
	int64_t subscriptions_max;
};

/* 300 gates of one address that come back at once with 130 events each stay within these
 * (the row herd of scripts/faults). A gate paces itself below them (gate/sync/pace.py). */
static const struct limits DEFAULT_LIMITS = {
	.messages_per_s = 40, .messages_burst = 400,
	.bytes_per_s = 1 << 20, .bytes_burst = 8 << 20,
	.refusals_per_s = 20, .refusals_burst = 400,
	.arrivals_per_s = 2, .arrivals_burst = 60,
	.connections_per_s = 300, .connections_burst = 3000,
	.shut_out_s = 30,
	.unfinished_s = 5, .unfinished_max = 400,
	.retained_max = 8,
	.subscriptions_max = 32,
};

/* Whether `key` names a limit and `value` is a whole number above 0; then it is set. */
int limits_set(struct limits *limits, const char *key, const char *value);

#endif
