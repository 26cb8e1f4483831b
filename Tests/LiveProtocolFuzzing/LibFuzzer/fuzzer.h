// What libFuzzer lends to a target with a mutator of its own.
#include <stddef.h>
#include <stdint.h>

/// Changes the `size` bytes at `data`, which may become up to `max_size`, the way the library does without a mutator of
/// ours: what it learnt from comparisons, the dictionary, bytes and blocks. Returns the new size.
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
