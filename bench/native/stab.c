/*
 * Point queries of the native interval tree, driven through standard input and output so that
 * they can take turns with the same queries in WebAssembly:
 *
 *   build N SEED QUERIES   N one-page VMAs, split from one by mprotect of every second page;
 *                          QUERIES page offsets drawn from SEED        -> built NODES VERIFIED
 *   run COUNT OFFSET       COUNT queries from place OFFSET on, wrapping -> ran NANOSECONDS FOUND
 */
#define _POSIX_C_SOURCE 199309L

#include "interval-tree.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct machine {
	struct tree tree;
	struct vma *vmas;
	struct chain *chains;
	uint64_t used;
	uint64_t *queries;
	uint64_t query_count;
};

/* Keeps the compiler from leaving the queries out. */
static volatile uint64_t sink;

static struct chain *new_vma(struct machine *machine, uint64_t first, uint64_t end)
{
	struct vma *vma = &machine->vmas[machine->used];
	struct chain *chain = &machine->chains[machine->used];

	machine->used++;
	vma->start = first << PAGE_SHIFT;
	vma->end = end << PAGE_SHIFT;
	vma->pgoff = first;
	chain->vma = vma;
	tree_insert(&machine->tree, chain);
	return chain;
}

/* A bound of a linked VMA changes as in the kernel: out of the tree, change, in again. */
static void set_bounds(struct machine *machine, struct chain *chain, uint64_t first, uint64_t end)
{
	tree_remove(&machine->tree, chain);
	chain->vma->start = first << PAGE_SHIFT;
	chain->vma->end = end << PAGE_SHIFT;
	chain->vma->pgoff = first;
	tree_insert(&machine->tree, chain);
}

/* The splits of mprotect on pages 1, 3, 5, ...: first the part below, then the part above. */
static void split_every_second(struct machine *machine, uint64_t pages)
{
	struct chain *tail = new_vma(machine, 0, pages);
	uint64_t page;

	for (page = 1; page < pages; page += 2) {
		uint64_t first = chain_first(tail);

		new_vma(machine, first, page);
		set_bounds(machine, tail, page, pages);
		if (page + 1 < pages) {
			struct chain *above = new_vma(machine, page + 1, pages);

			set_bounds(machine, tail, page, page + 1);
			tail = above;
		}
	}
}

static void draw_queries(struct machine *machine, uint64_t pages, uint32_t seed)
{
	uint32_t state = seed;
	uint64_t i;

	for (i = 0; i < machine->query_count; i++) {
		state = state * 1664525u + 1013904223u;
		machine->queries[i] = ((uint64_t)state * pages) >> 32;
	}
}

static int build(struct machine *machine, uint64_t pages, uint32_t seed, uint64_t queries)
{
	free(machine->vmas);
	free(machine->chains);
	free(machine->queries);
	machine->tree.root = NULL;
	machine->used = 0;
	machine->query_count = queries;
	machine->vmas = calloc(pages, sizeof(*machine->vmas));
	machine->chains = calloc(pages, sizeof(*machine->chains));
	machine->queries = calloc(queries, sizeof(*machine->queries));
	if (!machine->vmas || !machine->chains || !machine->queries)
		return 0;
	split_every_second(machine, pages);
	draw_queries(machine, pages, seed);
	return 1;
}

static uint64_t run(const struct machine *machine, uint64_t count, uint64_t offset)
{
	uint64_t found = 0;
	uint64_t at = offset % machine->query_count;
	uint64_t i;

	for (i = 0; i < count; i++) {
		uint64_t pgoff = machine->queries[at];
		struct chain *node;

		if (++at == machine->query_count)
			at = 0;
		for (node = tree_first(&machine->tree, pgoff, pgoff); node;
		     node = tree_next(node, pgoff, pgoff)) {
			sink = (uint64_t)(uintptr_t)node->vma;
			found++;
		}
	}
	return found;
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

int main(void)
{
	static struct machine machine;
	char line[128];

	while (fgets(line, sizeof(line), stdin)) {
		uint64_t a, b;
		uint32_t seed;

		if (sscanf(line, "build %" SCNu64 " %" SCNu32 " %" SCNu64, &a, &seed, &b) == 3) {
			if (!build(&machine, a, seed, b)) {
				fprintf(stderr, "no memory for %" PRIu64 " VMAs\n", a);
				return 1;
			}
			printf("built %" PRIu64 " %d\n", machine.used, tree_verify(&machine.tree));
		} else if (sscanf(line, "run %" SCNu64 " %" SCNu64, &a, &b) == 2) {
			uint64_t start = now();
			uint64_t found = run(&machine, a, b);

			printf("ran %" PRIu64 " %" PRIu64 "\n", now() - start, found);
		} else {
			fprintf(stderr, "expected `build N SEED QUERIES` or `run COUNT OFFSET`: %s", line);
			return 1;
		}
		fflush(stdout);
	}
	return 0;
}
