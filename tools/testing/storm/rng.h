/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random numbers that are the same for the same seed (splitmix64). Every operation has a
 * generator of its own, so that what one operation meets does not change the next.
 */
#ifndef STORM_RNG_H
#define STORM_RNG_H

#include <stdbool.h>
#include <stdint.h>

struct rng {
	uint64_t state;
};

static inline uint64_t rng_next(struct rng *rng)
{
	uint64_t z = rng->state += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

/* The generator of operation @n of process @slot. */
static inline struct rng rng_at(uint64_t seed, unsigned int slot, uint64_t n)
{
	struct rng rng = { seed };

	rng.state = rng_next(&rng) ^ slot;
	rng.state = rng_next(&rng) ^ n;
	rng.state = rng_next(&rng);
	return rng;
}

static inline unsigned int rng_below(struct rng *rng, unsigned int n)
{
	return (unsigned int)((rng_next(rng) >> 32) * n >> 32);
}

static inline bool rng_one_in(struct rng *rng, unsigned int n)
{
	return !rng_below(rng, n);
}

#endif
