/* kinds - see kinds.h. Constant data.
 *
 * What the server may not cut stays far from its limits, also where all goes slowly: whatever
 * pauses, does so for a tenth of the shortest, and whatever lasts, for a quarter of the longest.
 *
 * The flood asks for what takes most stack of a worker (64 KiB at a time), and takes every slot.
 * Threads that end leave their stacks to glibc's cache, with up to 16 KiB of each still resident:
 * after one flood that is about as much as it will ever be. */
#include "kinds.h"

#define KIB ((uint64_t)1024)
#define MIB (1024 * KIB)

const struct kind kinds[KINDS] = {
    [KIND_FLOOD] = {.name = "flood",
                    .bytes_min = 256 * KIB,
                    .bytes_max = 256 * KIB,
                    .message = 64 * KIB,
                    .pause_ms = 100,
                    .ending = ENDING_HALF_CLOSE},
    {.name = "churn",
     .share = 640,
     .bytes_min = 16,
     .bytes_max = 16 * KIB,
     .message = 4096,
     .answered = true,
     .ending = ENDING_CLOSE},
    {.name = "half-close",
     .share = 150,
     .bytes_min = 1,
     .bytes_max = 64 * KIB,
     .ending = ENDING_HALF_CLOSE},
    {.name = "held",
     .share = 20,
     .bytes_min = 512,
     .bytes_max = 2 * KIB,
     .message = 256,
     .answered = true,
     .pause_ms = 150,
     .ending = ENDING_CLOSE},
    {.name = "big",
     .share = 5,
     .bytes_min = 1 * MIB,
     .bytes_max = 4 * MIB,
     .ending = ENDING_HALF_CLOSE},
    {.name = "slow-reader",
     .share = 8,
     .bytes_min = 64 * KIB,
     .bytes_max = 1 * MIB,
     .bite = 4096,
     .bite_ms = 4,
     .ending = ENDING_HALF_CLOSE},
    {.name = "drip",
     .share = 10,
     .bytes_min = 8,
     .bytes_max = 32,
     .message = 1,
     .pause_ms = 20,
     .ending = ENDING_HALF_CLOSE},
    {.name = "touch", .share = 50, .ending = ENDING_GONE},
    {.name = "touch-reset", .share = 50, .ending = ENDING_RESET},
    {.name = "gone",
     .share = 40,
     .bytes_min = 16,
     .bytes_max = 256 * KIB,
     .leaves_ms = 30,
     .ending = ENDING_GONE},
    {.name = "reset",
     .share = 60,
     .bytes_min = 16,
     .bytes_max = 256 * KIB,
     .leaves_ms = 30,
     .ending = ENDING_RESET},
    {.name = "silent", .share = 3, .cut = "first_byte", .ending = ENDING_CUT},
    {.name = "mute",
     .share = 3,
     .bytes_min = 160,
     .bytes_max = 160,
     .cut = "idle",
     .ending = ENDING_CUT},
    {.name = "starving",
     .share = 3,
     .bytes_min = 1 * KIB,
     .bytes_max = 1 * KIB,
     .message = 1,
     .pause_ms = 250,
     .cut = "rate",
     .ending = ENDING_CUT},
    {.name = "eternal",
     .share = 1,
     .bytes_min = 1024 * MIB,
     .bytes_max = 1024 * MIB,
     .message = 128,
     .answered = true,
     .pause_ms = 100,
     .cut = "lifetime",
     .ending = ENDING_CUT},
    {.name = "deaf",
     .share = 1,
     .bytes_min = 32 * MIB,
     .bytes_max = 32 * MIB,
     .deaf = true,
     .cut = "write_stall",
     .ending = ENDING_CUT},
};

bool kind_is_orderly(const struct kind *kind)
{
    return kind->ending == ENDING_CLOSE || kind->ending == ENDING_HALF_CLOSE;
}

const struct kind *kind_choose(uint64_t random, bool orderly)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < KINDS; i++)
        sum += !orderly || kind_is_orderly(&kinds[i]) ? kinds[i].share : 0;
    uint64_t left = random % sum;
    for (size_t i = 0;; i++) {
        unsigned share = !orderly || kind_is_orderly(&kinds[i]) ? kinds[i].share : 0;
        if (left < share)
            return &kinds[i];
        left -= share;
    }
}
