/* write_page DOCUMENT - the page of a document that lies in a file, on standard output. */
#include <stdio.h>

#include <jansson.h>

#include "bench/report/views.h"

int main(int argc, char **argv)
{
    json_error_t error;
    json_t *document = argc == 2 ? json_load_file(argv[1], 0, &error) : NULL;
    if (!document) {
        fprintf(stderr, "%s: not a document: %s\n", argv[0], argc == 2 ? error.text : "none given");
        return 2;
    }
    int status = html_write(document, stdout);
    json_decref(document);
    if (status < 0)
        perror(argv[0]);
    return status < 0;
}
