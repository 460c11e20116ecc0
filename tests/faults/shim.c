/* Stands between a process and the C library's file calls, for the files below one folder.
 *
 * It records every write, truncation, rename, removal and fsync into a trace. From that a power cut
 * at any moment can be replayed. It can make the n-th of these calls fail, stop short, or kill the
 * process. Loaded with LD_PRELOAD; told by the three shim_ functions, called through ctypes.
 *
 *   cc -shared -fPIC -O2 -o shim.so shim.c
 *
 * A record of the trace: one byte of operation, then u32 handle, u64 offset, u32 length (all
 * little-endian), then `length` bytes. The handle names an open file; what each operation carries is
 * said at the call of note().
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

enum { HANDLES = 4096, FAIL = 1, SHORT = 2, KILL = 3 };
enum { ON_WRITE = 1, ON_SYNC = 2, ON_NAME = 4, ON_READ = 8 };

static char folder[PATH_MAX];
static size_t folder_length;
static int trace = -1;
static uint32_t handle_of[HANDLES]; /* by descriptor; 0: not ours */
static uint32_t last_handle;
static int what_fails, fault, fault_errno, lasting, has_failed;
static long countdown;
static long counted;
static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

/* Begin: watch what lies below `below`; record into `trace_path` unless it is empty. */
void shim_watch(const char *below, const char *trace_path) {
    strncpy(folder, below, sizeof folder - 1);
    folder_length = strlen(folder);
    memset(handle_of, 0, sizeof handle_of);
    last_handle = 0;
    counted = 0;
    trace = *trace_path ? (int)syscall(SYS_openat, AT_FDCWD, trace_path,
                                       O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600)
                        : -1;
}

/* Put a word of the caller's own into the trace: what it has promised by now. */
static void note(uint8_t op, uint32_t handle, uint64_t offset, const void *data, uint32_t length) {
    if (trace < 0) return;
    unsigned char head[17];
    head[0] = op;
    memcpy(head + 1, &handle, 4);
    memcpy(head + 5, &offset, 8);
    memcpy(head + 13, &length, 4);
    syscall(SYS_write, trace, head, sizeof head);
    if (length) syscall(SYS_write, trace, data, length);
}

void shim_mark(const char *word) {
    pthread_mutex_lock(&lock);
    note('!', 0, 0, word, (uint32_t)strlen(word));
    pthread_mutex_unlock(&lock);
}

/* From now on the n-th call of the kinds in `on` fails with `error`, writes only half, or kills the
 * process before it happens. `stays`: so does every later one. n = 0: nothing fails any more. */
void shim_break(int on, long n, int how, int error, int stays) {
    pthread_mutex_lock(&lock);
    what_fails = on;
    countdown = n;
    fault = how;
    fault_errno = error;
    lasting = stays;
    if (n) has_failed = 0;
    pthread_mutex_unlock(&lock);
}

/* How many calls of the kinds in shim_break's `on` there were so far, and whether it has struck. */
long shim_counted(void) { return counted; }
int shim_struck(void) { return has_failed; }

/* Whether this call is the one: 0 or what to do. */
static int strikes(int kind) {
    if (!(what_fails & kind)) return 0;
    counted++;
    if (!countdown) return 0;
    if (has_failed ? !lasting : --countdown > 0) return 0;
    if (has_failed == 0) countdown = 1;
    int first = !has_failed;
    has_failed = 1;
    if (fault == SHORT && !first) return FAIL; /* the rest of a short write finds no room at all */
    if (fault == KILL) {
        kill(getpid(), SIGKILL);
        pause();
    }
    return fault;
}

static int below(const char *path, char *whole) {
    if (!folder_length) return 0;
    if (path[0] == '/') {
        strncpy(whole, path, PATH_MAX - 1);
    } else {
        if (!getcwd(whole, PATH_MAX - 1)) return 0;
        size_t n = strlen(whole);
        if (n + strlen(path) + 2 > PATH_MAX) return 0;
        whole[n] = '/';
        strcpy(whole + n + 1, path);
    }
    return strncmp(whole, folder, folder_length) == 0 &&
           (whole[folder_length] == '/' || whole[folder_length] == 0);
}

static int ours(int fd) { return fd >= 0 && fd < HANDLES && handle_of[fd]; }

/* Open. The record: new handle; offset = 1 where the file is new, 2 where it was emptied; path. */
static int opened(int fd, const char *path, int existed, int flags) {
    char whole[PATH_MAX] = {0};
    if (fd < 0 || fd >= HANDLES || !below(path, whole)) return fd;
    handle_of[fd] = ++last_handle;
    uint64_t how = !existed ? 1 : (flags & O_TRUNC) ? 2 : 0;
    note('o', last_handle, how, whole + folder_length, (uint32_t)strlen(whole + folder_length));
    return fd;
}

static int open_any(int at, const char *path, int flags, mode_t mode) {
    char whole[PATH_MAX] = {0};
    struct stat st;
    pthread_mutex_lock(&lock);
    int watched = below(path, whole);
    int existed = watched && syscall(SYS_newfstatat, at, path, &st, 0) == 0;
    if (watched && !existed && (flags & O_CREAT) && strikes(ON_NAME)) {
        errno = fault_errno;
        pthread_mutex_unlock(&lock);
        return -1;
    }
    int fd = (int)syscall(SYS_openat, at, path, flags, mode);
    if (watched) opened(fd, path, existed, flags);
    pthread_mutex_unlock(&lock);
    return fd;
}

#define MODE(flags, last)                                  \
    mode_t mode = 0;                                       \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                 \
        va_list more;                                      \
        va_start(more, last);                              \
        mode = va_arg(more, mode_t);                       \
        va_end(more);                                      \
    }

int open(const char *path, int flags, ...) { MODE(flags, flags) return open_any(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags, flags) return open_any(AT_FDCWD, path, flags, mode); }
int openat(int at, const char *path, int flags, ...) { MODE(flags, flags) return open_any(at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { MODE(flags, flags) return open_any(at, path, flags, mode); }

int close(int fd) {
    pthread_mutex_lock(&lock);
    if (ours(fd)) handle_of[fd] = 0;
    pthread_mutex_unlock(&lock);
    return (int)syscall(SYS_close, fd);
}

/* Write. The record: handle, offset, the bytes that went. */
static ssize_t write_any(int fd, const void *data, size_t size, off_t offset, int positioned) {
    if (!ours(fd))
        return positioned ? syscall(SYS_pwrite64, fd, data, size, offset) : syscall(SYS_write, fd, data, size);
    pthread_mutex_lock(&lock);
    ssize_t done;
    int strike = strikes(ON_WRITE);
    if (strike == FAIL) {
        errno = fault_errno;
        done = -1;
    } else {
        if (strike == SHORT) size /= 2;
        if (!positioned) offset = lseek(fd, 0, (fcntl(fd, F_GETFL) & O_APPEND) ? SEEK_END : SEEK_CUR);
        done = positioned ? syscall(SYS_pwrite64, fd, data, size, offset) : syscall(SYS_write, fd, data, size);
        if (done > 0) note('w', handle_of[fd], (uint64_t)offset, data, (uint32_t)done);
    }
    pthread_mutex_unlock(&lock);
    return done;
}

ssize_t write(int fd, const void *data, size_t size) { return write_any(fd, data, size, 0, 0); }
ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) { return write_any(fd, data, size, offset, 1); }
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset) { return write_any(fd, data, size, offset, 1); }

/* Read. Not recorded: it leaves nothing on a disk. */
static int unreadable(int fd) {
    if (!ours(fd)) return 0;
    pthread_mutex_lock(&lock);
    int strike = strikes(ON_READ);
    if (strike) errno = fault_errno;
    pthread_mutex_unlock(&lock);
    return strike;
}

ssize_t read(int fd, void *data, size_t size) {
    return unreadable(fd) ? -1 : syscall(SYS_read, fd, data, size);
}
ssize_t pread(int fd, void *data, size_t size, off_t offset) {
    return unreadable(fd) ? -1 : syscall(SYS_pread64, fd, data, size, offset);
}
ssize_t pread64(int fd, void *data, size_t size, off64_t offset) {
    return unreadable(fd) ? -1 : syscall(SYS_pread64, fd, data, size, offset);
}

/* Sync, of a file or a folder. The record: handle. */
static int sync_any(int fd, long number) {
    if (!ours(fd)) return (int)syscall(number, fd);
    pthread_mutex_lock(&lock);
    int done = 0;
    if (strikes(ON_SYNC)) {
        errno = fault_errno;
        done = -1;
    } else {
        note('s', handle_of[fd], 0, 0, 0); /* the disk itself is spared: it only costs time here */
    }
    pthread_mutex_unlock(&lock);
    return done;
}

int fsync(int fd) { return sync_any(fd, SYS_fsync); }
int fdatasync(int fd) { return sync_any(fd, SYS_fdatasync); }

/* Truncate. The record: handle, offset = the new length. */
static int truncate_any(int fd, off_t length) {
    pthread_mutex_lock(&lock);
    int done = -1;
    if (ours(fd) && strikes(ON_WRITE)) {
        errno = fault_errno;
    } else {
        done = (int)syscall(SYS_ftruncate, fd, length);
        if (done == 0 && ours(fd)) note('t', handle_of[fd], (uint64_t)length, 0, 0);
    }
    pthread_mutex_unlock(&lock);
    return done;
}

int ftruncate(int fd, off_t length) { return truncate_any(fd, length); }
int ftruncate64(int fd, off64_t length) { return truncate_any(fd, length); }

/* Remove, rename, make a folder. The record: the path, or two with a NUL between them. */
static int named(uint8_t op, int failed, const char *path, const char *to) {
    char one[PATH_MAX] = {0}, two[PATH_MAX] = {0}, both[2 * PATH_MAX];
    if (failed || !below(path, one)) return failed;
    size_t n = strlen(one + folder_length), m = 0;
    memcpy(both, one + folder_length, n);
    if (to && below(to, two)) {
        both[n] = 0;
        m = strlen(two + folder_length) + 1;
        memcpy(both + n + 1, two + folder_length, m - 1);
    }
    note(op, 0, 0, both, (uint32_t)(n + m));
    return failed;
}

#define NAMED(path, op, call, to)                          \
    char whole[PATH_MAX] = {0};                            \
    pthread_mutex_lock(&lock);                             \
    int done = -1;                                         \
    if (below(path, whole) && strikes(ON_NAME))            \
        errno = fault_errno;                               \
    else                                                   \
        done = named(op, (int)(call), path, to);           \
    pthread_mutex_unlock(&lock);                           \
    return done;

int unlink(const char *path) { NAMED(path, 'u', syscall(SYS_unlinkat, AT_FDCWD, path, 0), 0) }
int rmdir(const char *path) { NAMED(path, 'u', syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR), 0) }
int rename(const char *from, const char *to) {
    NAMED(from, 'r', syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0), to)
}
int mkdir(const char *path, mode_t mode) { NAMED(path, 'm', syscall(SYS_mkdirat, AT_FDCWD, path, mode), 0) }
