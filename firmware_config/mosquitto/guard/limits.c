#include "limits.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define OPTION(key, name) { key, offsetof(struct limits, name) }
#define FIELD(name) OPTION(#name, name)

static const struct {
	const char *key;
	size_t at;
} FIELDS[] = {
	FIELD(messages_per_s), FIELD(messages_burst), FIELD(bytes_per_s), FIELD(bytes_burst),
	FIELD(refusals_per_s), FIELD(refusals_burst), FIELD(arrivals_per_s), FIELD(arrivals_burst),
	FIELD(connections_per_s), FIELD(connections_burst), FIELD(shut_out_s), FIELD(unfinished_s),
	FIELD(unfinished_max), FIELD(retained_max), FIELD(subscriptions_max),
	/* names in older configurations of the broker */
	OPTION("knocks_per_s", connections_per_s), OPTION("knocks_burst", connections_burst),
};

int limits_set(struct limits *limits, const char *key, const char *value)
{
	char *end;
	errno = 0;
	long long number = strtoll(value, &end, 10);
	if (errno || end == value || *end || number < 1 || number > 1LL << 40)
		return 0;
	for (size_t i = 0; i < sizeof FIELDS / sizeof *FIELDS; i++) {
		if (strcmp(FIELDS[i].key, key) == 0) {
			*(int64_t *)((char *)limits + FIELDS[i].at) = number;
			return 1;
		}
	}
	return 0;
}
