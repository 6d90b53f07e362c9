#pragma once
#include <microhttpd.h>
#include <stdint.h>
#include <sys/socket.h>

/* MHD_start_daemon and MHD_get_daemon_info take variable arguments, which Swift cannot call. */

static inline struct MHD_Daemon *modelcast_mhd_start(
    unsigned int flags, MHD_AccessHandlerCallback handler, void *context, struct MHD_OptionItem *options) {
    return MHD_start_daemon(flags, 0, NULL, NULL, handler, context, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
}

/* The port that the daemon listens on; 0 when it cannot be told. */
static inline uint16_t modelcast_mhd_port(struct MHD_Daemon *daemon) {
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);
    return info == NULL ? 0 : info->port;
}
