/*
 * A red-black interval tree over chain nodes that point to VMAs, in the record sizes of a 64-bit
 * v3.7 kernel: what the WebAssembly index is measured against. Written for this benchmark.
 *
 *   chain (64 bytes)                       vma (176 bytes)
 *   +0   vma        whose range is the key +0   start      bytes
 *   +8   anon_vma                          +8   end        bytes
 *   +16  same_vma   previous, next         +16  ...        what the kernel keeps in between
 *   +32  parent     | colour in bit 0      +152 pgoff      pages
 *   +40  right                             +160 ...
 *   +48  left
 *   +56  subtree_last
 *
 * The key of a node is read through its VMA, as the kernel does; only subtree_last is copied.
 */
#ifndef RMAPLAB_INTERVAL_TREE_H
#define RMAPLAB_INTERVAL_TREE_H

#include <stdint.h>

#define PAGE_SHIFT 12

struct vma {
	uint64_t start;
	uint64_t end;
	uint64_t before_pgoff[17];
	uint64_t pgoff;
	uint64_t after_pgoff[2];
};

struct chain {
	struct vma *vma;
	void *anon_vma;
	struct chain *same_vma[2];
	uintptr_t parent_and_colour;
	struct chain *right;
	struct chain *left;
	uint64_t subtree_last;
};

_Static_assert(sizeof(struct vma) == 176, "a VMA takes 176 bytes");
_Static_assert(sizeof(struct chain) == 64, "a chain node takes 64 bytes");

struct tree {
	struct chain *root;
};

static inline uint64_t chain_first(const struct chain *node)
{
	return node->vma->pgoff;
}

static inline uint64_t chain_last(const struct chain *node)
{
	const struct vma *vma = node->vma;

	return vma->pgoff + ((vma->end - vma->start) >> PAGE_SHIFT) - 1;
}

/* Equal keys go behind those that are there. */
void tree_insert(struct tree *tree, struct chain *node);
void tree_remove(struct tree *tree, struct chain *node);

/* The nodes whose range meets [first, last], by ascending first page; NULL at the end. */
struct chain *tree_first(const struct tree *tree, uint64_t first, uint64_t last);
struct chain *tree_next(struct chain *node, uint64_t first, uint64_t last);

/* 1 if order, colours and every subtree_last are right. */
int tree_verify(const struct tree *tree);

#endif
