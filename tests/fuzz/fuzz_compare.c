/* fuzz_compare.c - `thrd bench --compare`: two documents that somebody else may have written are
 * compared, or are not what they should be; a document has nothing better or worse than itself.
 *
 * The input: which cells to leave out in a byte, then a document. It is compared with itself, and
 * with itself less those cells. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "bench/report/compare.h"
#include "bench/report/document_read.h"
#include "bench/report/views.h"
#include "fuzz.h"

/* Returns how many figures became worse. */
static unsigned compare(const json_t *old_document, const json_t *new_document, bool colour)
{
    char *text = NULL;
    size_t size = 0;
    unsigned worse = 0;
    FILE *stream = open_memstream(&text, &size);
    FUZZ_CHECK(stream != NULL);
    FUZZ_CHECK(compare_write(old_document, new_document, 0, stream, colour, &worse) == 0);
    fclose(stream);
    FUZZ_CHECK(size > 0);
    free(text);
    return worse;
}

/* A run measures nothing twice; where a document says so, the first of two is compared with both.
 */
static bool has_twins(const json_t *document)
{
    const json_t *cells = json_object_get(document, "cells");
    for (size_t i = 0; i < json_array_size(cells); i++) {
        const json_t *one = json_array_get(cells, i);
        struct document_shape shape = document_shape(one);
        for (size_t j = 0; j < i; j++) {
            const json_t *other = json_array_get(cells, j);
            struct document_shape other_shape = document_shape(other);
            if (document_shape_is_same(&shape, &other_shape) &&
                strcmp(document_string(one, "target"), document_string(other, "target")) == 0)
                return true;
        }
    }
    return false;
}

static json_t *without_some(const json_t *document, unsigned chosen)
{
    json_t *copy = json_deep_copy(document);
    FUZZ_CHECK(copy != NULL);
    json_t *cells = json_object_get(copy, "cells");
    for (size_t i = json_array_size(cells); i-- > 0;)
        if (chosen >> i % 8 & 1)
            json_array_remove(cells, i);
    return copy;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    unsigned chosen = fuzz_byte(&input);
    json_error_t error;
    json_t *document = json_loadb((const char *)input.next, input.left, 0, &error);
    if (!document || !json_is_array(json_object_get(document, "cells"))) {
        json_decref(document);
        return -1; /* nothing of ours has read it: not for the corpus */
    }
    json_t *other = without_some(document, chosen);
    unsigned worse = compare(document, document, false);
    FUZZ_CHECK(worse == 0 || has_twins(document));
    compare(document, other, true);
    compare(other, document, false);
    compare_has_common(document, other);
    json_decref(other);
    json_decref(document);
    return 0;
}
