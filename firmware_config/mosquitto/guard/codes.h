/* The values of mosquitto.h that the guard uses. That header is of another Debian package than
 * mosquitto_plugin.h, and would be needed for these alone; they are part of mosquitto's stable API. */

#ifndef GUARD_CODES_H
#define GUARD_CODES_H

enum {
	MOSQ_ERR_SUCCESS = 0,
	MOSQ_ERR_NOMEM = 1,
	MOSQ_ERR_INVAL = 3,
	MOSQ_ERR_CONN_LOST = 7, /* of a callback: the connection is ended */
	MOSQ_ERR_ACL_DENIED = 12,
	MOSQ_ERR_PLUGIN_DEFER = 17,
};

enum { MOSQ_LOG_WARNING = 1 << 2, MOSQ_LOG_ERR = 1 << 3 };

#endif
