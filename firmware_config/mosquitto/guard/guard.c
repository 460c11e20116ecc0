/* exam-gate's guard: quotas of the broker that mosquitto 2.0 has no setting for.
 *
 * One certificate that is in wrong hands, or one machine without any, takes nothing from the other
 * gates. The guard bounds what a gate may publish, how often, how much and retained where.
 * Connections without a certificate are few and short. Refusals are counted by name and reason,
 * logged once a minute and told to the office under eg/1/office/broker. The user `office` is not
 * bounded, and tells under $CONTROL/exam-gate/v1 who is enrolled where.
 *
 * Mosquitto calls all of it in its one thread. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>

#include "codes.h"
#include "limits.h"
#include "names.h"
#include "rules.h"
#include "unfinished.h"

#define OFFICE "office"
#define CONTROL "$CONTROL/exam-gate/v1"
#define REPORT "eg/1/office/broker"
#define REPORT_MS 10000
#define LOG_MS 60000
#define REPORT_BYTES 30000

static struct limits limits;
static struct names gates, addresses = {.most = 4096};
static struct name nobody = {.name = "without a certificate"};
static mosquitto_plugin_id_t *self;
static int64_t reported_ms, logged_ms;
static uint64_t refusals, reported, logged;

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void refuse(struct name *name, enum reason reason)
{
	name->refused[reason]++;
	refusals++;
}

/* Counts it, and whether the connection may go on: who is refused too often is shut out. */
static bool is_bearable(struct name *name, enum reason reason, int64_t now)
{
	refuse(name, reason);
	if (spend(&name->refusals, 1, limits.refusals_per_s, limits.refusals_burst, now))
		return true;
	name->shut_out_until_ms = now + limits.shut_out_s * 1000;
	return false;
}

static struct name *gate_of(const struct mosquitto *client)
{
	const char *user = client ? mosquitto_client_username(client) : NULL;
	return user && strcmp(user, OFFICE) != 0 ? names_of(&gates, user) : NULL;
}

static bool is_within_quota(struct name *gate, uint32_t bytes, int64_t now)
{
	return spend(&gate->messages, 1, limits.messages_per_s, limits.messages_burst, now)
		&& spend(&gate->bytes, bytes, limits.bytes_per_s, limits.bytes_burst, now);
}

static enum reason judged(struct name *gate, const struct mosquitto_evt_acl_check *asked)
{
	struct place place;
	if (gate->revoked)
		return NOT_ENROLLED;
	if (!place_of(asked->topic, &place))
		return BAD_TOPIC;
	if (strlen(gate->name) != place.gate_len || strncmp(gate->name, place.gate, place.gate_len) != 0)
		return BAD_TOPIC;
	if (gate->site && (strlen(gate->site) != place.site_len
			|| strncmp(gate->site, place.site, place.site_len) != 0))
		return NOT_ENROLLED;
	if (gate->exams && *gate->exams && !is_one_of(place.exam, place.exam_len, gate->exams))
		return NOT_ENROLLED;
	enum reason found = rules_publish(&place, asked->qos, asked->retain, asked->payloadlen);
	if (found == OK && asked->retain
			&& !note_retained(gate, asked->topic, asked->payloadlen == 0, limits.retained_max))
		return BAD_RETAIN;
	return found;
}

/* Publications and wills; what the guard has nothing against, the acl file decides. */
static int on_acl(int event, void *data, void *user)
{
	(void)event;
	(void)user;
	const struct mosquitto_evt_acl_check *asked = data;
	struct name *gate;
	if (!(gate = gate_of(asked->client)))
		return MOSQ_ERR_PLUGIN_DEFER;
	if (asked->access == MOSQ_ACL_READ)
		return may_hear(asked->topic, gate->name, gate->site) ? MOSQ_ERR_PLUGIN_DEFER
			: MOSQ_ERR_ACL_DENIED;
	int64_t now = now_ms();
	enum reason found = OK;
	if (asked->access == MOSQ_ACL_WRITE)
		found = is_within_quota(gate, asked->payloadlen, now) ? judged(gate, asked) : OVER_QUOTA;
	else if (asked->access == MOSQ_ACL_SUBSCRIBE
			&& mosquitto_client_sub_count(asked->client) >= limits.subscriptions_max)
		found = SUBSCRIPTIONS;
	if (found == OK)
		return MOSQ_ERR_PLUGIN_DEFER;
	return is_bearable(gate, found, now) ? MOSQ_ERR_ACL_DENIED : MOSQ_ERR_CONN_LOST;
}

static bool may_connect(const char *address, int64_t now)
{
	struct name *from = names_of(&addresses, address);
	return from
			&& spend(&from->arrivals, 1, limits.connections_per_s, limits.connections_burst, now);
}

static bool may_arrive(const char *common_name, int64_t now)
{
	if (strcmp(common_name, OFFICE) == 0)
		return true;
	struct name *gate = names_of(&gates, common_name);
	if (!gate)
		return false;
	if (!gate->revoked && now >= gate->shut_out_until_ms
			&& spend(&gate->arrivals, 1, limits.arrivals_per_s, limits.arrivals_burst, now))
		return true;
	refuse(gate, gate->revoked ? NOT_ENROLLED : SHUT_OUT);
	return false;
}

static void ended(void)
{
	refuse(&nobody, UNFINISHED);
}

static const struct watcher WATCHER = {may_connect, may_arrive, ended};

/* {"reason":count,...} of one name behind `text`; 0 where there is no room. */
static size_t written(char *text, size_t room, const struct name *name, const char *before)
{
	size_t at = (size_t)snprintf(text, room, "%s\"%s\":{", before, name->name);
	const char *comma = "";
	for (int reason = 1; reason < REASONS && at < room; reason++) {
		if (!name->refused[reason])
			continue;
		at += (size_t)snprintf(text + at, room - at, "%s\"%s\":%llu", comma,
			REASON_NAMES[reason], (unsigned long long)name->refused[reason]);
		comma = ",";
	}
	if (at + 2 > room)
		return 0;
	text[at++] = '}';
	text[at] = 0;
	return at;
}

static bool is_plain(const char *name)
{
	return strlen(name) <= 64
		&& strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._ ")
		== strlen(name);
}

static bool has_refusals(const struct name *name)
{
	for (int reason = 1; reason < REASONS; reason++)
		if (name->refused[reason])
			return true;
	return false;
}

/* All counts since the broker began, of as many names as there is room for. */
static size_t summary(char *text, size_t room)
{
	size_t at = (size_t)snprintf(text, room, "{\"refused\":%llu,\"names\":{",
		(unsigned long long)refusals);
	const char *comma = "";
	for (unsigned i = 0; i <= 4096; i++) {
		const struct name *name = i == 4096 ? &nobody : gates.buckets[i];
		for (; name; name = name->next) {
			if (!has_refusals(name) || !is_plain(name->name))
				continue;
			size_t more = written(text + at, room - at - 3, name, comma);
			if (!more)
				continue;
			at += more;
			comma = ",";
		}
	}
	return at + (size_t)snprintf(text + at, room - at, "}}");
}

static int on_tick(int event, void *data, void *user)
{
	(void)event;
	(void)data;
	(void)user;
	static char text[REPORT_BYTES];
	int64_t now = now_ms();
	unfinished_look(&WATCHER, limits.unfinished_s, limits.unfinished_max, now);
	if (refusals != reported && now - reported_ms >= REPORT_MS) {
		size_t len = summary(text, sizeof text);
		mosquitto_broker_publish_copy(NULL, REPORT, (int)len, text, 1, false, NULL);
		reported = refusals;
		reported_ms = now;
	}
	if (refusals != logged && now - logged_ms >= LOG_MS) {
		summary(text, 900); /* a line of mosquitto's log has 1,000 characters */
		mosquitto_log_printf(MOSQ_LOG_WARNING, "exam-gate guard: refused so far: %s", text);
		logged = refusals;
		logged_ms = now;
	}
	return MOSQ_ERR_SUCCESS;
}

/* "gate site exam,exam" or, of one that was struck off, "gate site !". */
static void take_line(char *line)
{
	char *rest, *gate = strtok_r(line, " ", &rest), *site = strtok_r(NULL, " ", &rest);
	char *exams = strtok_r(NULL, " ", &rest);
	struct name *name = gate && site ? names_of(&gates, gate) : NULL;
	if (!name)
		return;
	bool is_revoked = exams && strcmp(exams, "!") == 0;
	if (enrol(name, site, exams && !is_revoked ? exams : "", is_revoked) && is_revoked)
		mosquitto_kick_client_by_clientid(gate, false);
}

static int on_control(int event, void *data, void *user)
{
	(void)event;
	(void)user;
	const struct mosquitto_evt_control *said = data;
	const char *who = mosquitto_client_username(said->client);
	if (!who || strcmp(who, OFFICE) != 0)
		return MOSQ_ERR_ACL_DENIED;
	char *text = strndup(said->payload ? said->payload : "", said->payloadlen), *rest;
	if (!text)
		return MOSQ_ERR_NOMEM;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		take_line(line);
	free(text);
	return MOSQ_ERR_SUCCESS;
}

static const struct {
	int event;
	MOSQ_FUNC_generic_callback call;
	const char *about;
} CALLS[] = {
	{MOSQ_EVT_ACL_CHECK, on_acl, NULL},
	{MOSQ_EVT_TICK, on_tick, NULL},
	{MOSQ_EVT_CONTROL, on_control, CONTROL},
};

int mosquitto_plugin_version(int count, const int *versions)
{
	for (int i = 0; i < count; i++)
		if (versions[i] == MOSQ_PLUGIN_VERSION)
			return MOSQ_PLUGIN_VERSION;
	return -1;
}

int mosquitto_plugin_init(
	mosquitto_plugin_id_t *identifier, void **user, struct mosquitto_opt *options, int count)
{
	(void)user;
	self = identifier;
	limits = DEFAULT_LIMITS;
	for (int i = 0; i < count; i++) {
		if (!limits_set(&limits, options[i].key, options[i].value)) {
			mosquitto_log_printf(MOSQ_LOG_ERR,
				"exam-gate guard: plugin_opt_%s takes a whole number above 0 and is a limit of "
				"limits.h; it is %s.", options[i].key, options[i].value);
			return MOSQ_ERR_INVAL;
		}
	}
	if (!unfinished_begin())
		return MOSQ_ERR_NOMEM;
	for (size_t i = 0; i < sizeof CALLS / sizeof *CALLS; i++) {
		int failed = mosquitto_callback_register(self, CALLS[i].event, CALLS[i].call,
			CALLS[i].about, NULL);
		if (failed)
			return failed;
	}
	return MOSQ_ERR_SUCCESS;
}

int mosquitto_plugin_cleanup(void *user, struct mosquitto_opt *options, int count)
{
	(void)user;
	(void)options;
	(void)count;
	for (size_t i = 0; i < sizeof CALLS / sizeof *CALLS; i++)
		mosquitto_callback_unregister(self, CALLS[i].event, CALLS[i].call, CALLS[i].about);
	unfinished_end();
	names_free(&gates);
	names_free(&addresses);
	return MOSQ_ERR_SUCCESS;
}
