/*
 * The process that becomes a command's program: it waits for one order and executes it.
 *
 * It is put on by a parked process that is confined already, so it inherits every wall: namespaces, seccomp,
 * Landlock, limits, no_new_privs. execve(2) takes down the memory of whoever calls it; of this program that is
 * a few pages, of the Python interpreter in whose place it stands it is fifteen megabytes, while somebody
 * waits. Where it cannot be had (sandbox/starter.py), that interpreter does the same.
 *
 * Descriptors: 0 is the connection that the order comes by, 1 and 2 are the program's output and errors. An
 * order is one packet: the head below, then the arguments and the environment as strings that end in NUL.
 * Beside it come one or two descriptors, the program's input and where it talks with another one its output.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ORDERS = 0, CANNOT_EXECUTE = 127, MOST_BYTES = 65536, MOST_STREAMS = 2 };

struct head {
    uint64_t cpu_s, file_bytes, processes;
    uint32_t arguments, variables;
};

static const char parked[] = "{\"event\": \"parked\", \"starter\": true}";
static union {
    struct head head;
    char bytes[MOST_BYTES];
} order;
static char *words[MOST_BYTES + 2];

/* recvmsg(2), unix(7): the order's size, and its descriptors in `streams`; 0 where there is none. */
static size_t receive_order(int streams[MOST_STREAMS], size_t *count)
{
    union {
        struct cmsghdr aligned;
        char bytes[CMSG_SPACE(MOST_STREAMS * sizeof(int))];
    } beside;
    struct iovec space = {.iov_base = order.bytes, .iov_len = sizeof order.bytes};
    struct msghdr message = {
        .msg_iov = &space, .msg_iovlen = 1, .msg_control = beside.bytes, .msg_controllen = sizeof beside.bytes,
    };
    ssize_t size = recvmsg(ORDERS, &message, 0);
    struct cmsghdr *rights = size > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (rights == NULL || rights->cmsg_type != SCM_RIGHTS || message.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
        return 0;
    *count = (rights->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    memcpy(streams, CMSG_DATA(rights), *count * sizeof(int));
    return (size_t)size;
}

/* Points to each string behind the head, the arguments and the environment with a NULL after each; 0 where
 * the packet does not hold them. */
static int read_words(size_t size)
{
    const char *end = order.bytes + size;
    char *word = order.bytes + sizeof order.head;
    uint32_t at = 0;
    if (size < sizeof order.head || order.head.arguments == 0 || end[-1] != '\0')
        return 0;
    for (uint32_t list = 0; list < 2; list++) {
        uint32_t count = list == 0 ? order.head.arguments : order.head.variables;
        for (; count > 0; count--, word += strlen(word) + 1) {
            if (word >= end)
                return 0;
            words[at++] = word;
        }
        words[at++] = NULL;
    }
    return word == end;
}

/* setrlimit(2) */
static int limit(int kind, uint64_t most)
{
    const struct rlimit both = {.rlim_cur = most, .rlim_max = most};
    return setrlimit(kind, &both);
}

/* execve(2), the program looked for as os.execvpe of Python does; returns where there is none, with errno. */
static void execute(char **arguments, char **variables)
{
    const char *name = arguments[0], *folders = "";
    int refused = 0;
    if (strchr(name, '/') != NULL) {
        execve(name, arguments, variables);
        return;
    }
    for (char **variable = variables; *variable != NULL; variable++)
        if (strncmp(*variable, "PATH=", 5) == 0)
            folders = *variable + 5;
    for (size_t length; *folders != '\0'; folders += length + (folders[length] == ':')) {
        char file[PATH_MAX];
        length = strcspn(folders, ":");
        if (snprintf(file, sizeof file, "%.*s/%s", (int)length, folders, name) >= (int)sizeof file)
            continue;
        execve(file, arguments, variables);
        if (refused == 0 && errno != ENOENT && errno != ENOTDIR)
            refused = errno;
    }
    errno = refused != 0 ? refused : ENOENT;
}

int main(void)
{
    int streams[MOST_STREAMS];
    size_t count = 0, size;
    if (send(ORDERS, parked, sizeof parked - 1, 0) < 0)
        return 0;
    size = receive_order(streams, &count);
    if (size == 0)
        return 0; /* the supervisor or the client is gone */
    if (!read_words(size) || dup2(streams[0], 0) < 0 || (count > 1 && dup2(streams[1], 1) < 0)
        || close_range(3, ~0U, 0) < 0 || limit(RLIMIT_CPU, order.head.cpu_s) < 0
        || limit(RLIMIT_FSIZE, order.head.file_bytes) < 0 || limit(RLIMIT_NPROC, order.head.processes) < 0)
        return CANNOT_EXECUTE;
    execute(words, words + order.head.arguments + 1);
    dprintf(2, "%s: %s\n", words[0], strerror(errno));
    return CANNOT_EXECUTE;
}
