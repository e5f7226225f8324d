#include "interval-tree.h"

#include <stddef.h>

enum { RED = 0, BLACK = 1 };

static struct chain *parent_of(const struct chain *node)
{
	return (struct chain *)(node->parent_and_colour & ~(uintptr_t)1);
}

static int colour_of(const struct chain *node)
{
	return node ? (int)(node->parent_and_colour & 1) : BLACK;
}

static void set_parent(struct chain *node, struct chain *parent)
{
	node->parent_and_colour = (uintptr_t)parent | (node->parent_and_colour & 1);
}

static void set_colour(struct chain *node, int colour)
{
	node->parent_and_colour = (node->parent_and_colour & ~(uintptr_t)1) | (uintptr_t)colour;
}

static uint64_t last_in_subtree(const struct chain *node)
{
	uint64_t last = chain_last(node);

	if (node->left && node->left->subtree_last > last)
		last = node->left->subtree_last;
	if (node->right && node->right->subtree_last > last)
		last = node->right->subtree_last;
	return last;
}

/*
 * Recomputes subtree_last from a node up to the root. It cannot stop at the first that is right
 * already: a successor moved up by a removal still has the value of the node that it replaced.
 */
static void recompute_above(struct chain *node)
{
	for (; node; node = parent_of(node))
		node->subtree_last = last_in_subtree(node);
}

/* Puts `with` (or nothing) where `node` hangs. */
static void replace_child(struct tree *tree, struct chain *node, struct chain *with)
{
	struct chain *parent = parent_of(node);

	if (!parent)
		tree->root = with;
	else if (parent->left == node)
		parent->left = with;
	else
		parent->right = with;
	if (with)
		set_parent(with, parent);
}

static void rotate_left(struct tree *tree, struct chain *node)
{
	struct chain *up = node->right;

	node->right = up->left;
	if (up->left)
		set_parent(up->left, node);
	replace_child(tree, node, up);
	up->left = node;
	set_parent(node, up);
	up->subtree_last = node->subtree_last;
	node->subtree_last = last_in_subtree(node);
}

static void rotate_right(struct tree *tree, struct chain *node)
{
	struct chain *up = node->left;

	node->left = up->right;
	if (up->right)
		set_parent(up->right, node);
	replace_child(tree, node, up);
	up->right = node;
	set_parent(node, up);
	up->subtree_last = node->subtree_last;
	node->subtree_last = last_in_subtree(node);
}

static void repair_insertion(struct tree *tree, struct chain *node)
{
	struct chain *parent;

	while ((parent = parent_of(node)) && colour_of(parent) == RED) {
		struct chain *above = parent_of(parent);
		int on_left = parent == above->left;
		struct chain *uncle = on_left ? above->right : above->left;

		if (colour_of(uncle) == RED) {
			set_colour(parent, BLACK);
			set_colour(uncle, BLACK);
			set_colour(above, RED);
			node = above;
			continue;
		}
		if (on_left) {
			if (node == parent->right) {
				rotate_left(tree, parent);
				parent = node;
			}
			rotate_right(tree, above);
		} else {
			if (node == parent->left) {
				rotate_right(tree, parent);
				parent = node;
			}
			rotate_left(tree, above);
		}
		set_colour(parent, BLACK);
		set_colour(above, RED);
		break;
	}
	set_colour(tree->root, BLACK);
}

void tree_insert(struct tree *tree, struct chain *node)
{
	uint64_t first = chain_first(node);
	uint64_t last = chain_last(node);
	struct chain **link = &tree->root;
	struct chain *parent = NULL;

	while (*link) {
		parent = *link;
		if (parent->subtree_last < last)
			parent->subtree_last = last;
		link = first < chain_first(parent) ? &parent->left : &parent->right;
	}
	node->parent_and_colour = (uintptr_t)parent | RED;
	node->left = NULL;
	node->right = NULL;
	node->subtree_last = last;
	*link = node;
	repair_insertion(tree, node);
}

/* `node` (which may be none) hangs below `parent` and lacks one black. */
static void repair_removal(struct tree *tree, struct chain *node, struct chain *parent)
{
	while (parent && colour_of(node) == BLACK) {
		int on_left = parent->left == node;
		struct chain *sibling = on_left ? parent->right : parent->left;
		struct chain *near, *far;

		if (colour_of(sibling) == RED) {
			set_colour(sibling, BLACK);
			set_colour(parent, RED);
			if (on_left)
				rotate_left(tree, parent);
			else
				rotate_right(tree, parent);
			sibling = on_left ? parent->right : parent->left;
		}
		near = on_left ? sibling->left : sibling->right;
		far = on_left ? sibling->right : sibling->left;
		if (colour_of(near) == BLACK && colour_of(far) == BLACK) {
			set_colour(sibling, RED);
			node = parent;
			parent = parent_of(node);
			continue;
		}
		if (colour_of(far) == BLACK) {
			set_colour(near, BLACK);
			set_colour(sibling, RED);
			if (on_left)
				rotate_right(tree, sibling);
			else
				rotate_left(tree, sibling);
			far = sibling;
			sibling = near;
		}
		set_colour(sibling, colour_of(parent));
		set_colour(parent, BLACK);
		set_colour(far, BLACK);
		if (on_left)
			rotate_left(tree, parent);
		else
			rotate_right(tree, parent);
		return;
	}
	if (node)
		set_colour(node, BLACK);
}

void tree_remove(struct tree *tree, struct chain *node)
{
	struct chain *child, *parent;
	int colour;

	if (node->left && node->right) {
		struct chain *successor = node->right;

		while (successor->left)
			successor = successor->left;
		colour = colour_of(successor);
		child = successor->right;
		parent = parent_of(successor);
		if (parent == node) {
			parent = successor;
		} else {
			replace_child(tree, successor, child);
			successor->right = node->right;
			set_parent(node->right, successor);
		}
		replace_child(tree, node, successor);
		successor->left = node->left;
		set_parent(node->left, successor);
		set_colour(successor, colour_of(node));
		successor->subtree_last = node->subtree_last;
	} else {
		colour = colour_of(node);
		child = node->left ? node->left : node->right;
		parent = parent_of(node);
		replace_child(tree, node, child);
	}
	recompute_above(parent);
	if (colour == BLACK)
		repair_removal(tree, child, parent);
}

/* The leftmost node below `node` (itself included) that meets [first, last]. */
static struct chain *leftmost(struct chain *node, uint64_t first, uint64_t last)
{
	for (;;) {
		if (node->left && node->left->subtree_last >= first) {
			node = node->left;
			continue;
		}
		if (chain_first(node) > last)
			return NULL;
		if (chain_last(node) >= first)
			return node;
		if (!node->right || node->right->subtree_last < first)
			return NULL;
		node = node->right;
	}
}

struct chain *tree_first(const struct tree *tree, uint64_t first, uint64_t last)
{
	if (!tree->root || tree->root->subtree_last < first)
		return NULL;
	return leftmost(tree->root, first, last);
}

struct chain *tree_next(struct chain *node, uint64_t first, uint64_t last)
{
	struct chain *right = node->right;

	for (;;) {
		struct chain *from;

		if (right && right->subtree_last >= first)
			return leftmost(right, first, last);
		do {
			from = node;
			node = parent_of(node);
			if (!node)
				return NULL;
		} while (node->right == from);
		if (chain_first(node) > last)
			return NULL;
		if (chain_last(node) >= first)
			return node;
		right = node->right;
	}
}

/* Black height of a subtree, or -1 if something in it is wrong. */
static int verify_subtree(const struct chain *node)
{
	int left, right;

	if (!node)
		return 1;
	if (node->left && (parent_of(node->left) != node || chain_first(node->left) > chain_first(node)))
		return -1;
	if (node->right &&
	    (parent_of(node->right) != node || chain_first(node->right) < chain_first(node)))
		return -1;
	if (colour_of(node) == RED && (colour_of(node->left) == RED || colour_of(node->right) == RED))
		return -1;
	if (node->subtree_last != last_in_subtree(node))
		return -1;
	left = verify_subtree(node->left);
	right = verify_subtree(node->right);
	if (left < 0 || left != right)
		return -1;
	return left + (colour_of(node) == BLACK);
}

int tree_verify(const struct tree *tree)
{
	return colour_of(tree->root) == BLACK && verify_subtree(tree->root) > 0;
}
