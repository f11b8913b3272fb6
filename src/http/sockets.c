/* sockets.c - the open connections, to find those whose client hung up unnoticed, and those that
 * take too long to send.
 *
 * The library waits for edges: when the last bytes of a client and its end of transmission arrive
 * together, it reads the bytes and waits for an edge that has been. Such a connection would stay
 * until the idle timeout. So the pulse thread asks for hang-ups now and then and shuts the reading
 * side down again, which makes a new edge; what is still to be read or written is not lost by that.
 * It may come too early once, therefore it is repeated until the connection goes.
 *
 * A socket that is closed with bytes unread tells the client "reset", which may destroy the answer
 * on its way. So a duplicate of a socket whose body is not going to be read is held until the
 * client hangs up, a few seconds at most.
 *
 * A socket leaves the list before the library closes it, under the lock, so that no other file has
 * its number. The lock is the innermost one. */
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/exchange.h"

#define LINGER_MS 5000
#define LINGER_MAX 512 /* sockets */

void sockets_init(struct open_sockets *o) { pthread_mutex_init(&o->lock, NULL); }

void sockets_done(struct open_sockets *o)
{
    pthread_mutex_destroy(&o->lock);
    for (size_t i = 0; i < o->lingering.n; i++) close(o->lingering.items[i].fd);
    VEC_DONE(&o->lingering);
    VEC_DONE(&o->polls);
    VEC_DONE(&o->sockets);
}

void sockets_add(struct open_sockets *o, int fd, struct open_socket *s)
{
    pthread_mutex_lock(&o->lock);
    s->place = o->polls.n;
    VEC_PUSH(&o->polls, ((struct pollfd){fd, POLLRDHUP, 0}));
    VEC_PUSH(&o->sockets, s);
    pthread_mutex_unlock(&o->lock);
}

void sockets_remove(struct open_sockets *o, struct open_socket *s)
{
    pthread_mutex_lock(&o->lock);
    size_t last = --o->polls.n;
    o->sockets.n--;
    o->polls.items[s->place] = o->polls.items[last];
    o->sockets.items[s->place] = o->sockets.items[last];
    o->sockets.items[s->place]->place = s->place;
    pthread_mutex_unlock(&o->lock);
}

size_t sockets_count(struct open_sockets *o, const struct address *who)
{
    struct address wanted = address_client(who);
    size_t n = 0;

    pthread_mutex_lock(&o->lock);
    for (size_t i = 0; i < o->sockets.n; i++) {
        struct address a = address_client(&o->sockets.items[i]->address);
        n += address_same(&a, &wanted);
    }
    pthread_mutex_unlock(&o->lock);
    return n;
}

void sockets_linger(struct open_sockets *o, int fd)
{
    pthread_mutex_lock(&o->lock);
    int held = o->lingering.n < LINGER_MAX ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
    if (held >= 0)
        VEC_PUSH(&o->lingering, ((struct lingering){held, clock_mono(&system_clock) + LINGER_MS}));
    pthread_mutex_unlock(&o->lock);
}

/* Lock held. */
static void end_lingering(struct open_sockets *o, int64_t now)
{
    for (size_t i = 0; i < o->lingering.n;) {
        struct lingering *l = &o->lingering.items[i];
        struct pollfd p = {l->fd, POLLRDHUP, 0};
        if (now < l->until_ms && poll(&p, 1, 0) == 0) {
            i++;
            continue;
        }
        close(l->fd);
        *l = o->lingering.items[--o->lingering.n];
    }
}

bool sockets_sweep(struct open_sockets *o, int64_t mono_ms)
{
    pthread_mutex_lock(&o->lock);
    int found = o->polls.n ? poll(o->polls.items, o->polls.n, 0) : 0;
    for (size_t i = 0; i < o->polls.n; i++) {
        int64_t deadline = o->sockets.items[i]->deadline_ms;
        if (deadline && deadline <= mono_ms) (void)shutdown(o->polls.items[i].fd, SHUT_RDWR);
        else if (found > 0 && o->polls.items[i].revents)
            (void)shutdown(o->polls.items[i].fd, SHUT_RD); /* gone meanwhile: fine */
    }
    end_lingering(o, mono_ms);
    bool any = o->polls.n > 0 || o->lingering.n > 0;
    pthread_mutex_unlock(&o->lock);
    return any;
}
