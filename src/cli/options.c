/* options.c - the command line of the server; see options.h. */
#include "cli/options.h"

#include "cli/option_table.h"

enum arguments_end options_parse(struct options *options, int argc, char *const argv[],
                                 char *message, size_t size)
{
    option_table_defaults(options);
    return arguments_parse(&option_table, options, argc, argv, message, size);
}
