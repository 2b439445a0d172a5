#ifndef CLINUX_PROCESS_H
#define CLINUX_PROCESS_H

// Starting processes and signalling them: fork, which Swift may not call, and system calls without a function in
// older C libraries.

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/// A pipe whose ends are closed on execve. 0, or -1 with errno set.
static inline int clinux_pipe(int descriptors[2]) {
    return (int)syscall(SYS_pipe2, descriptors, O_CLOEXEC);
}

/// A process to be started by `clinux_spawn`.
struct clinux_program {
    const char *path;
    char *const *arguments;    // ends with a null pointer, as execve(2) wants it
    char *const *environment;  // likewise
    int output;                // becomes the child's standard output and error; -1: they are inherited
    int ready;                 // becomes the child's descriptor 3; -1: none
};

/// Starts a process that cannot outlive the calling thread: the system sends it SIGTERM when that thread is gone,
/// however it went. posix_spawn(3) has no way to say so; that is why this exists. A child with an `output` of its
/// own reads /dev/null and leads a process group of its own, so that Ctrl-C on the terminal reaches only us.
/// Every other descriptor is closed in it, no signal is blocked or ignored.
///
/// Between fork and execve only async-signal-safe calls are made (signal-safety(7)): threads of the caller may hold
/// any lock. Returns the process id, or -1 with errno set, also where execve refused.
static inline pid_t clinux_spawn(const struct clinux_program *program) {
    int failure[2];
    if (clinux_pipe(failure) != 0) { return -1; }
    pid_t parent = getpid();
    pid_t child = fork();
    if (child == 0) {
        // Out of the way of the descriptors 0 to 3.
        int report = fcntl(failure[1], F_DUPFD_CLOEXEC, 10);
        int output = program->output < 0 ? -1 : fcntl(program->output, F_DUPFD_CLOEXEC, 10);
        int ready = program->ready < 0 ? -1 : fcntl(program->ready, F_DUPFD_CLOEXEC, 10);
        sigset_t none;
        sigemptyset(&none);
        for (int number = 1; number < 32; number += 1) { signal(number, SIG_DFL); }
        sigprocmask(SIG_SETMASK, &none, (sigset_t *)0);
        // A parent that went before prctl would never be noticed.
        int isDone = prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() == parent;
        if (isDone && output >= 0) {
            int nothing = open("/dev/null", O_RDONLY);
            isDone = nothing >= 0 && dup2(nothing, 0) == 0 && dup2(output, 1) == 1 && dup2(output, 2) == 2
                && setpgid(0, 0) == 0;
        }
        if (isDone && ready >= 0) { isDone = dup2(ready, 3) == 3; }
        if (isDone) {
            // Where the system is too old for this, our descriptors are closed by their own flag all the same.
            (void)syscall(SYS_close_range, ready >= 0 ? 4U : 3U, ~0U, 4U /* CLOSE_RANGE_CLOEXEC */);
            execve(program->path, program->arguments, program->environment);
        }
        int code = errno;
        (void)!write(report, &code, sizeof code);
        _exit(127);
    }
    int code = child < 0 ? errno : 0;
    close(failure[1]);
    if (child > 0) {
        ssize_t count;
        do { count = read(failure[0], &code, sizeof code); } while (count < 0 && errno == EINTR);
        if (count == (ssize_t)sizeof code) {
            while (waitpid(child, (int *)0, 0) < 0 && errno == EINTR) {}
            child = -1;
        }
    }
    close(failure[0]);
    if (child < 0) { errno = code; }
    return child;
}

/// A descriptor that stands for exactly that process, even where its number is given to another one later
/// (pidfd_open(2)); readable when it has ended. -1 with errno set.
static inline int clinux_process_descriptor(pid_t process) {
    return (int)syscall(SYS_pidfd_open, process, 0U);
}

/// Sends a signal to the process that the descriptor stands for. 0, or -1 with errno set.
static inline int clinux_signal_process(int descriptor, int number) {
    return (int)syscall(SYS_pidfd_send_signal, descriptor, number, (void *)0, 0U);
}

#endif
