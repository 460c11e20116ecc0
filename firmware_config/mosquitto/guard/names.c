#include "names.h"

#include <stdlib.h>
#include <string.h>

static uint64_t hash_of(const char *text) /* FNV-1a */
{
	uint64_t hash = 14695981039346656037u;
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 1099511628211u;
	return hash ? hash : 1;
}

struct name *names_of(struct names *names, const char *name)
{
	struct name **place = &names->buckets[hash_of(name) % 4096];
	for (struct name *found = *place; found; found = found->next)
		if (strcmp(found->name, name) == 0)
			return found;
	if (names->most && names->count >= names->most)
		names_free(names);
	struct name *made = calloc(1, sizeof *made);
	if (!made || !(made->name = strdup(name))) {
		free(made);
		return NULL;
	}
	made->next = *place;
	*place = made;
	names->count++;
	return made;
}

void names_free(struct names *names)
{
	for (unsigned i = 0; i < 4096; i++) {
		for (struct name *name = names->buckets[i], *next; name; name = next) {
			next = name->next;
			free(name->name);
			free(name->site);
			free(name->exams);
			free(name);
		}
		names->buckets[i] = NULL;
	}
	names->count = 0;
}

bool spend(struct bucket *bucket, int64_t cost, int64_t per_s, int64_t burst, int64_t now_ms)
{
	int64_t since = now_ms - bucket->at_ms;
	bucket->at_ms = now_ms;
	int64_t whole_ms = burst * 1000 / per_s; /* an empty bucket is full again after so long */
	bucket->spent_milli = since > whole_ms ? 0 : bucket->spent_milli - since * per_s;
	if (bucket->spent_milli < 0)
		bucket->spent_milli = 0;
	if (bucket->spent_milli + cost * 1000 > burst * 1000)
		return false;
	bucket->spent_milli += cost * 1000;
	return true;
}

bool note_retained(struct name *name, const char *topic, bool is_empty, int64_t most)
{
	uint64_t hash = hash_of(topic), *free_place = NULL;
	for (int i = 0; i < RETAINED_MOST && i < most; i++) {
		if (name->retained[i] == hash) {
			if (is_empty)
				name->retained[i] = 0;
			return true;
		}
		if (!name->retained[i] && !free_place)
			free_place = &name->retained[i];
	}
	if (is_empty)
		return true;
	if (free_place)
		*free_place = hash;
	return free_place != NULL;
}

int enrol(struct name *name, const char *site, const char *exams, bool revoked)
{
	char *own_site = strdup(site), *own_exams = strdup(exams);
	if (!own_site || !own_exams) {
		free(own_site);
		free(own_exams);
		return 0;
	}
	free(name->site);
	free(name->exams);
	name->site = own_site;
	name->exams = own_exams;
	name->revoked = revoked;
	return 1;
}
