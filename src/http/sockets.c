/* sockets.c - the open connections, to find those whose client hung up unnoticed.
 *
 * The library waits for edges: when the last bytes of a client and its end of transmission arrive
 * together, it reads the bytes and waits for an edge that has been. Such a connection would stay
 * until the idle timeout. So the pulse thread asks for hang-ups now and then and shuts the reading
 * side down again, which makes a new edge; what is still to be read or written is not lost by that.
 * It may come too early once, therefore it is repeated until the connection goes.
 *
 * A socket leaves the list before the library closes it, under the lock, so that no other file has
 * its number. The lock is the innermost one. */
#include <poll.h>
#include <sys/socket.h>

#include "http/exchange.h"

void sockets_init(struct open_sockets *o) { pthread_mutex_init(&o->lock, NULL); }

void sockets_done(struct open_sockets *o)
{
    pthread_mutex_destroy(&o->lock);
    VEC_DONE(&o->polls);
}

void sockets_add(struct open_sockets *o, int fd)
{
    pthread_mutex_lock(&o->lock);
    VEC_PUSH(&o->polls, ((struct pollfd){fd, POLLRDHUP, 0}));
    pthread_mutex_unlock(&o->lock);
}

void sockets_remove(struct open_sockets *o, int fd)
{
    pthread_mutex_lock(&o->lock);
    for (size_t i = 0; i < o->polls.n; i++) {
        if (o->polls.items[i].fd != fd) continue;
        o->polls.items[i] = o->polls.items[--o->polls.n];
        break;
    }
    pthread_mutex_unlock(&o->lock);
}

bool sockets_sweep(struct open_sockets *o)
{
    pthread_mutex_lock(&o->lock);
    int found = o->polls.n ? poll(o->polls.items, o->polls.n, 0) : 0;
    for (size_t i = 0; found > 0 && i < o->polls.n; i++)
        if (o->polls.items[i].revents)
            (void)shutdown(o->polls.items[i].fd, SHUT_RD); /* gone meanwhile: fine */
    bool any = o->polls.n > 0;
    pthread_mutex_unlock(&o->lock);
    return any;
}
