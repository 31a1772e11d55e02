/* replay.c - runs a harness over files: replay FILE|DIRECTORY... Every file of a directory counts.
 * For compilers without libFuzzer, whose own main() does the same. Exit status 1: there was none.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

static unsigned replayed;

/* The input has the size that it has, so that ASan sees a byte read beyond it. */
static void replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    FUZZ_CHECK(file != NULL);
    FUZZ_CHECK(fseek(file, 0, SEEK_END) == 0);
    long size = ftell(file);
    FUZZ_CHECK(size >= 0);
    rewind(file);
    uint8_t *data = malloc(size > 0 ? (size_t)size : 1);
    FUZZ_CHECK(data != NULL);
    FUZZ_CHECK(fread(data, 1, (size_t)size, file) == (size_t)size);
    fclose(file);
    fprintf(stderr, "%s\n", path); /* the last one is the one that failed */
    LLVMFuzzerTestOneInput(data, (size_t)size);
    free(data);
    replayed++;
}

static void replay_directory(const char *path, DIR *directory)
{
    for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
        char file[4096];
        if (entry->d_name[0] == '.')
            continue;
        FUZZ_CHECK((size_t)snprintf(file, sizeof file, "%s/%s", path, entry->d_name) < sizeof file);
        replay_file(file);
    }
}

int main(int argc, char *argv[])
{
    for (int i = 1; i < argc; i++) {
        DIR *directory = opendir(argv[i]);
        if (!directory) {
            replay_file(argv[i]);
            continue;
        }
        replay_directory(argv[i], directory);
        closedir(directory);
    }
    printf("%u inputs\n", replayed);
    return replayed > 0 ? 0 : 1;
}
