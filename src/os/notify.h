/* notify.h - readiness for the service manager: one datagram to $NOTIFY_SOCKET (sd_notify's
 * protocol). Any thread. */
#ifndef OS_NOTIFY_H
#define OS_NOTIFY_H
/** Sends ${state} ("READY=1", "STOPPING=1", "STATUS=..."); does nothing without a service manager.
 */
void notify_service(const char *state);
#endif
