#include "rules.h"

#include <string.h>

#define SMALL 4096
#define BATCH 32768 /* gate/sync/envelope.py, MAX_BYTES */

const char *const REASON_NAMES[REASONS] = {
	[OK] = "ok", [BAD_TOPIC] = "topic", [BAD_QOS] = "qos", [BAD_SIZE] = "size",
	[BAD_RETAIN] = "retain", [NOT_ENROLLED] = "enrolment", [OVER_QUOTA] = "rate",
	[SHUT_OUT] = "shut-out", [UNFINISHED] = "no-certificate", [SUBSCRIPTIONS] = "subscriptions",
};

static const struct {
	const char *part;
	unsigned least_qos;
	uint32_t most_bytes;
	bool may_retain;
} PARTS[] = {
	{"ev", 1, BATCH, false},   {"hb", 0, SMALL, false},        {"state", 1, SMALL, true},
	{"alert", 1, SMALL, false}, {"cmd/res", 1, BATCH, false},  {"cfg/rep", 1, SMALL, true},
	{"mirror", 0, BATCH, false},
	{"in", 1, BATCH, true},
};

static bool id_at(const char **at, const char **start, size_t *len)
{
	*start = *at;
	while ((**at >= 'a' && **at <= 'z') || (**at >= '0' && **at <= '9') || **at == '-')
		(*at)++;
	*len = (size_t)(*at - *start);
	return *len >= 1 && *len <= 64 && *(*at)++ == '/';
}

bool place_of(const char *topic, struct place *place)
{
	if (strncmp(topic, "eg/1/", 5) != 0)
		return false;
	const char *at = topic + 5;
	if (!id_at(&at, &place->exam, &place->exam_len) || !id_at(&at, &place->site, &place->site_len)
			|| !id_at(&at, &place->gate, &place->gate_len))
		return false;
	place->part = at;
	return true;
}

/* eg/1/<exam>/<site>/roster has no gate. */
static bool is_roster(const char *topic, struct place *place)
{
	if (strncmp(topic, "eg/1/", 5) != 0)
		return false;
	const char *at = topic + 5;
	return id_at(&at, &place->exam, &place->exam_len) && id_at(&at, &place->site, &place->site_len)
			&& strcmp(at, "roster") == 0;
}

bool may_hear(const char *topic, const char *gate, const char *site)
{
	struct place place;
	if (!is_roster(topic, &place) && (!place_of(topic, &place) || strcmp(place.part, "in") != 0))
		return true;
	size_t len = place.site_len;
	if (site)
		return strlen(site) == len && strncmp(site, place.site, len) == 0;
	return strncmp(gate, place.site, len) == 0 && gate[len] == '-';
}

enum reason rules_publish(const struct place *place, unsigned qos, bool retain, uint32_t bytes)
{
	for (size_t i = 0; i < sizeof PARTS / sizeof *PARTS; i++) {
		if (strcmp(PARTS[i].part, place->part) != 0)
			continue;
		if (retain && !PARTS[i].may_retain)
			return BAD_RETAIN;
		if (qos < PARTS[i].least_qos)
			return BAD_QOS;
		return bytes > PARTS[i].most_bytes ? BAD_SIZE : OK;
	}
	return BAD_TOPIC;
}

bool is_one_of(const char *exam, size_t len, const char *exams)
{
	for (const char *at = exams; *at;) {
		size_t here = strcspn(at, ",");
		if (here == len && strncmp(at, exam, len) == 0)
			return true;
		at += here + (at[here] == ',');
	}
	return false;
}
