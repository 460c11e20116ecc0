/* A plugin for qemu-user (aarch64 guests, plugin interface 1): counts executed instructions.
 *
 *     qemu-aarch64 -plugin counter.so,out=FILE ...
 *
 * The guest asks for a line in FILE by the system call sched_get_priority_min(SCHED_IDLE), which
 * nothing else calls. A line: instructions so far, of them loads and stores, of them SIMD and
 * floating-point arithmetic, and the number of threads that have run. The last line is written
 * at the end of the process.
 *
 * A translated block is counted when it is entered. One that faults in its middle counts whole;
 * that happens a few times at the start of a process and never in a warm frame.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of qemu's plugin interface, version 1, what is used here. */
typedef uint64_t plugin_id;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum callback_flags { NO_REGISTERS };
typedef void (*syscall_callback)(plugin_id, unsigned vcpu, int64_t number, uint64_t, uint64_t,
                                 uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id,
                                           void (*)(plugin_id, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *, void (*)(unsigned, void *),
                                          enum callback_flags, void *);
void qemu_plugin_register_vcpu_syscall_cb(plugin_id, syscall_callback);
void qemu_plugin_register_atexit_cb(plugin_id, void (*)(plugin_id, void *), void *);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *);

#define EXPORTED __attribute__((visibility("default")))
#define THREADS 64
#define SCHED_GET_PRIORITY_MIN 126 /* arm64 */
#define SCHED_IDLE 5

EXPORTED int qemu_plugin_version = 1;

enum kind { ALL, MEMORY, ARITHMETIC, KINDS };
struct counts { uint64_t of[KINDS]; };

static struct counts executed[THREADS]; /* each thread adds to its own */
static FILE *out;

/* Bits 28 to 25 of an instruction name its group (Arm ARM, "A64 instruction set encoding"). */
static int is_memory(uint32_t word) { return ((word >> 25) & 5) == 4; }     /* x1x0 */
static int is_arithmetic(uint32_t word) { return ((word >> 25) & 7) == 7; } /* x111 */

static void entered(unsigned vcpu, void *block)
{
    const struct counts *inside = block;
    for (int kind = 0; kind < KINDS; kind++)
        executed[vcpu % THREADS].of[kind] += inside->of[kind];
}

static void translated(plugin_id id, struct qemu_plugin_tb *block)
{
    (void)id;
    struct counts *inside = calloc(1, sizeof *inside); /* lives as long as the block may run */
    if (!inside)
        abort();
    for (size_t n = 0; n < qemu_plugin_tb_n_insns(block); n++) {
        uint32_t word;
        memcpy(&word, qemu_plugin_insn_data(qemu_plugin_tb_get_insn(block, n)), sizeof word);
        inside->of[ALL]++;
        inside->of[MEMORY] += is_memory(word);
        inside->of[ARITHMETIC] += is_arithmetic(word);
    }
    qemu_plugin_register_vcpu_tb_exec_cb(block, entered, NO_REGISTERS, inside);
}

static void write_line(void)
{
    struct counts sum = {{0}};
    unsigned threads = 0;
    for (int n = 0; n < THREADS; n++) {
        threads += executed[n].of[ALL] > 0;
        for (int kind = 0; kind < KINDS; kind++)
            sum.of[kind] += executed[n].of[kind];
    }
    fprintf(out, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %u\n", sum.of[ALL], sum.of[MEMORY],
            sum.of[ARITHMETIC], threads);
    fflush(out);
}

static void called(plugin_id id, unsigned vcpu, int64_t number, uint64_t first, uint64_t a2,
                   uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6, uint64_t a7, uint64_t a8)
{
    (void)id, (void)vcpu, (void)a2, (void)a3, (void)a4, (void)a5, (void)a6, (void)a7, (void)a8;
    if (number == SCHED_GET_PRIORITY_MIN && first == SCHED_IDLE)
        write_line();
}

static void ended(plugin_id id, void *data)
{
    (void)id, (void)data;
    write_line();
    fclose(out);
}

EXPORTED int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
    (void)info;
    if (argc != 1 || strncmp(argv[0], "out=", 4) || !(out = fopen(argv[0] + 4, "w"))) {
        fprintf(stderr, "counter: wants out=FILE that can be written\n");
        return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_vcpu_syscall_cb(id, called);
    qemu_plugin_register_atexit_cb(id, ended, NULL);
    return 0;
}
