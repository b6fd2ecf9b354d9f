/* file_faults.c: makes a call on files fail, from outside: the program is traced, and stopped by a filter at the calls
 * of the table alone. */
#include "faults.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#if defined(__x86_64__) && defined(__linux__)
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>

static const struct {
    int number;
    const char *name;
} calls_of[] = {{SYS_open, "open"},        {SYS_openat, "open"},     {SYS_read, "read"},
                {SYS_pread64, "read"},     {SYS_write, "write"},     {SYS_writev, "write"},
                {SYS_pwrite64, "write"},   {SYS_mmap, "mmap"},       {SYS_ftruncate, "ftruncate"},
                {SYS_fsync, "fsync"},      {SYS_fdatasync, "fsync"}, {SYS_rename, "rename"},
                {SYS_renameat2, "rename"}, {SYS_close, "close"},     {SYS_unlink, "unlink"},
                {SYS_mkdir, "mkdir"},      {SYS_fstat, "stat"},      {SYS_newfstatat, "stat"},
                {SYS_lseek, "seek"},       {SYS_flock, "lock"},      {SYS_getpriority, "mark"}};
enum { CALLS = sizeof calls_of / sizeof *calls_of };

_Noreturn static void begin_traced(const run_place *place) {
    struct sock_filter filter[CALLS + 3];
    size_t n = 0;
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < CALLS; i++)
        filter[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)calls_of[i].number,
                                                   (unsigned char)(CALLS - i), 0);
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
    struct sock_fprog program = {(unsigned short)n, filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        _exit(98);
    run_here(place);
}

static const char *name_of(int number) {
    for (size_t i = 0; i < CALLS; i++)
        if (calls_of[i].number == number) return calls_of[i].name;
    return "?";
}

/* Memory that is no file's, and standard error, are not files here. */
static bool counts(int number, const struct user_regs_struct *r, int error) {
    if (number == SYS_mmap && (int)r->r8 < 0) return false;
    bool writes = number == SYS_write || number == SYS_pwrite64, reads = number == SYS_read || number == SYS_pread64;
    if (number == SYS_write && r->rdi == STDERR_FILENO) return false;
    return error != ERROR_SHORT || ((reads || writes) && r->rdx > 1);
}

/* The last part of the name of the file that a call is about; "?" where that is not known. */
static void file_of(pid_t p, int number, const struct user_regs_struct *r, char *file, size_t size) {
    char path[1024] = "", link[64];
    bool second = number == SYS_openat || number == SYS_newfstatat;
    bool named = second || number == SYS_open || number == SYS_unlink || number == SYS_rename || number == SYS_mkdir;
    if (named) {
        struct iovec to = {path, sizeof path - 1},
                     at = {(void *)(uintptr_t)(second ? r->rsi : r->rdi), sizeof path - 1};
        size_t left = 4096 - (uintptr_t)at.iov_base % 4096; /* the next page may not be there */
        if (left < at.iov_len) at.iov_len = left;
        process_vm_readv(p, &to, 1, &at, 1, 0);
    } else {
        snprintf(link, sizeof link, "/proc/%d/fd/%d", p, (int)(number == SYS_mmap ? r->r8 : r->rdi));
        ssize_t n = readlink(link, path, sizeof path - 1);
        path[n > 0 ? n : 0] = 0;
    }
    const char *last = strrchr(path, '/');
    snprintf(file, size, "%s", last && last[1] ? last + 1 : *path ? path : "?");
    for (char *c = file; *c; c++)
        if (*c <= ' ') *c = '_';
}

typedef struct trace {
    bool begun;
    long calls, at;
    int error;
    pid_t closing; /* waits for its call to end, which then fails */
    FILE *names;
} trace;

static void set(pid_t p, struct user_regs_struct *r) {
    ptrace(PTRACE_SETREGS, p, 0, r);
}

static void at_call(trace *t, pid_t p) {
    struct user_regs_struct r;
    ptrace(PTRACE_GETREGS, p, 0, &r);
    int number = (int)r.orig_rax;
    if (number == SYS_getpriority && r.rdi == FAULT_MARK) t->begun = true;
    else if (number != SYS_getpriority && t->begun && counts(number, &r, t->error)) {
        t->calls++;
        if (t->names) {
            char file[1024] = "";
            file_of(p, number, &r, file, sizeof file);
            fprintf(t->names, "%ld %s %s\n", t->calls, name_of(number), file);
        }
        if (t->calls == t->at && t->error == ERROR_SHORT) {
            r.rdx /= 2;
            set(p, &r);
        } else if (t->calls == t->at && number == SYS_close) {
            t->closing = p; /* it closes all the same */
            ptrace(PTRACE_SYSCALL, p, 0, 0);
            return;
        } else if (t->calls == t->at) {
            r.orig_rax = (unsigned long long)-1;
            r.rax = (unsigned long long)-t->error;
            set(p, &r);
        }
    }
    ptrace(PTRACE_CONT, p, 0, 0);
}

static void after_close(trace *t, pid_t p) {
    struct user_regs_struct r;
    if (p == t->closing) {
        ptrace(PTRACE_GETREGS, p, 0, &r);
        r.rax = (unsigned long long)-t->error;
        set(p, &r);
        t->closing = 0;
    }
    ptrace(PTRACE_CONT, p, 0, 0);
}

bool run_traced(const run_place *place, long at, int error, long *calls, const char *names, run_end *end) {
    pid_t child = fork();
    if (child < 0) return false;
    if (child == 0) begin_traced(place);
    int status;
    if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status)) return false;
    trace t = {.at = at, .error = error, .names = names ? fopen(names, "we") : NULL};
    ptrace(PTRACE_SETOPTIONS, child, 0,
           PTRACE_O_TRACESECCOMP | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_EXITKILL |
               PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC);
    ptrace(PTRACE_CONT, child, 0, 0);
    *end = (run_end){0};
    alarm(60); /* its handler kills the child; see run_wait */
    for (pid_t p; (p = waitpid(-1, &status, __WALL)) > 0 || (p < 0 && errno == EINTR);) {
        if (p < 0) {
            kill(child, SIGKILL);
            end->late = true;
            continue;
        }
        if (WIFEXITED(status) || WIFSIGNALED(status)) {
            if (p == child) end->status = status;
            continue;
        }
        int number = WSTOPSIG(status), event = status >> 16;
        if (event == PTRACE_EVENT_SECCOMP) at_call(&t, p);
        else if (number == (SIGTRAP | 0x80)) after_close(&t, p);
        else ptrace(PTRACE_CONT, p, 0, (number == SIGTRAP && event) || number == SIGSTOP ? 0 : number);
    }
    alarm(0);
    if (t.names) fclose(t.names);
    *calls = t.calls;
    return !(WIFEXITED(end->status) && WEXITSTATUS(end->status) == 98);
}
#else
bool run_traced(const run_place *place, long at, int error, long *calls, const char *names, run_end *end) {
    (void)place, (void)at, (void)error, (void)calls, (void)names, (void)end;
    return false;
}
#endif
