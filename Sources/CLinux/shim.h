#ifndef CLINUX_SHIM_H
#define CLINUX_SHIM_H

// _GNU_SOURCE stays undefined: Swift's Glibc module is built without it, and two definitions of one C type in
// two modules do not compile. What it would bring is declared here by hand.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include "process.h"

extern int accept4(int socket, struct sockaddr *address, socklen_t *length, int flags);

/// accept4 without the peer's address.
static inline int clinux_accept(int listener, int flags) {
    return accept4(listener, (struct sockaddr *)0, (socklen_t *)0, flags);
}

/// accept4 that also tells the peer's address. `address` has room for `sizeof(struct sockaddr_storage)`.
static inline int clinux_accept_from(int listener, struct sockaddr_storage *address, int flags) {
    socklen_t length = sizeof *address;
    return accept4(listener, (struct sockaddr *)address, &length, flags);
}

/// Asks SO_PEERCRED (unix(7)). Returns 0, or -1 with errno set.
static inline int clinux_peer_credentials(int socket, int32_t *pid, uint32_t *uid, uint32_t *gid) {
    struct { int32_t pid; uint32_t uid; uint32_t gid; } credentials; // struct ucred
    socklen_t length = sizeof credentials;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) { return -1; }
    *pid = credentials.pid;
    *uid = credentials.uid;
    *gid = credentials.gid;
    return 0;
}

/// Fills a Unix socket address. Returns 0, or -1 if the path does not fit (108 bytes with its NUL).
static inline int clinux_unix_address(const char *path, struct sockaddr_un *address) {
    size_t length = strlen(path);
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    if (length == 0 || length >= sizeof address->sun_path) { return -1; }
    memcpy(address->sun_path, path, length);
    return 0;
}

/// epoll_ctl with a 64-bit token: struct epoll_event is packed here and not there, and holds a union.
static inline int clinux_epoll_control(int epoll, int operation, int descriptor, uint32_t events, uint64_t token) {
    struct epoll_event event = {.events = events, .data = {.u64 = token}};
    return epoll_ctl(epoll, operation, descriptor, &event);
}

#define CLINUX_EPOLL_BATCH 256

/// Waits for at most CLINUX_EPOLL_BATCH events and puts them apart. Returns their number, or -1 with errno set.
static inline int clinux_epoll_wait(int epoll, uint32_t *events, uint64_t *tokens, int milliseconds) {
    struct epoll_event batch[CLINUX_EPOLL_BATCH];
    int count = epoll_wait(epoll, batch, CLINUX_EPOLL_BATCH, milliseconds);
    for (int index = 0; index < count; index++) {
        events[index] = batch[index].events;
        tokens[index] = batch[index].data.u64;
    }
    return count;
}

/// prctl is variadic.
static inline int clinux_prctl(int option, unsigned long argument) { return prctl(option, argument, 0UL, 0UL, 0UL); }

// Landlock (landlock(7)) has no functions in the C library, and the installed header may be older than the kernel.

/// The newest version that the running kernel knows, or -1 where it has no Landlock.
static inline int clinux_landlock_version(void) { return (int)syscall(444, (void *)0, (size_t)0, 1U); }

/// Makes a rule set of what shall be handled, that is, forbidden unless a rule allows it. Returns a descriptor or -1.
static inline int clinux_landlock_create(uint64_t files, uint64_t network, uint64_t scopes) {
    struct { uint64_t files, network, scopes; } attributes = {files, network, scopes};
    return (int)syscall(444, &attributes, sizeof attributes, 0U);
}

/// Allows `access` to the file or folder that is open as `descriptor`, and to all beneath it.
static inline int clinux_landlock_allow(int rules, int descriptor, uint64_t access) {
    struct { uint64_t access; int32_t descriptor; } __attribute__((packed)) rule = {access, descriptor};
    return (int)syscall(445, rules, 1, &rule, 0U);
}

/// Puts the calling thread, and all that it starts from now on, under the rules.
static inline int clinux_landlock_restrict(int rules) { return (int)syscall(446, rules, 0U); }

#endif
