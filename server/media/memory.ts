/** How the media process keeps its memory. Pictures come and go outside V8's heap, by the allocator of the C library. */

/**
 * For the environment of the process: glibc reads it before anything of ours runs, other libraries take no notice (mallopt(3)). Without it every thread
 * may have a pool of its own, and the first large block that is given back raises the size from which blocks are mapped alone: large pictures then lie
 * among small ones and their memory is never given back.
 */
export const MEMORY_ENVIRONMENT = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: String(128 * 1024) }

/** For V8: how much garbage may lie about, in percent of what is alive, before it is looked for. */
export const HEAP_GROWING_PERCENT = 200
