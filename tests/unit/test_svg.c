/* test_svg.c - bench/svg*.c, bench/plot_data.c and bench/plot_axis.c: that the picture is XML, that
 * every point stands where its figures belong, that no name gets out of its place or onto another,
 * and that what is not there is said. */
#include <ctype.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bench/report/plot_axis.h"
#include "bench/report/views.h"

#include "synthetic_results.h"

#define MIB (INT64_C(1) << 20)

/* Where the plot stands in the picture, as svg_parts.h has it. */
#define FIRST_X 102.0
#define LAST_X  506.0
#define HEIGHT  300.0

static char *svg; /* what was written last */
static json_t *loaded;

static int tear_down(void **state)
{
    free(svg);
    svg = NULL;
    json_decref(loaded);
    loaded = NULL;
    return synthetic_free(state);
}

/* ---- XML ---------------------------------------------------------------------------------- */

static const char *skip_name(const char *at)
{
    assert_true(isalpha((unsigned char)*at));
    while (isalnum((unsigned char)*at) || strchr("-:_", *at))
        at++;
    return at;
}

/* Text up to an end, with nothing in it that would have to be escaped. */
static const char *skip_text(const char *at, char end)
{
    static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;"};
    for (; *at != end; at++) {
        assert_true(*at == '\n' || (unsigned char)*at >= ' ');
        assert_true(*at != '<' && *at != '>');
        bool is_entity = *at != '&';
        for (size_t i = 0; i < sizeof entities / sizeof entities[0]; i++)
            is_entity = is_entity || strncmp(at, entities[i], strlen(entities[i])) == 0;
        assert_true(is_entity);
    }
    return at;
}

static const char *skip_attributes(const char *at)
{
    while (*at == ' ') {
        at = skip_name(at + 1);
        assert_true(strncmp(at, "=\"", 2) == 0);
        at = skip_text(at + 2, '"') + 1;
    }
    return at;
}

/* Elements that are closed in the order in which they were opened, one around all others. */
static void check_xml(void)
{
    static const char head[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    const char *open[8];
    size_t depth = 0;
    assert_true(strncmp(svg, head, strlen(head)) == 0);
    const char *at = svg + strlen(head);
    do {
        assert_true(*at == '<');
        if (at[1] == '/') {
            assert_true(depth > 0);
            depth--;
            size_t length = (size_t)(skip_name(at + 2) - at - 2);
            assert_memory_equal(at + 2, open[depth], length);
            assert_false(isalnum((unsigned char)open[depth][length]));
            at += 2 + length;
        } else {
            assert_true(depth < 8 && (depth > 0 || at == svg + strlen(head)));
            open[depth++] = at + 1;
            at = skip_attributes(skip_name(at + 1));
            if (*at == '/') {
                depth--;
                at++;
            }
        }
        assert_true(*at == '>');
        at = skip_text(at + 1, depth > 0 ? '<' : '\0');
    } while (depth > 0);
    assert_true(*at == '\0');
}

static size_t count(const char *words)
{
    size_t found = 0;
    for (const char *at = svg; (at = strstr(at, words)); at += strlen(words))
        found++;
    return found;
}

static void expect(const char *words)
{
    if (count(words) == 0)
        fail_msg("no \"%s\" in:\n%s", words, svg);
}

/* ---- Pictures ----------------------------------------------------------------------------- */

/* Writes the picture; each is XML, needs nothing else and holds no number that is none. */
static void draw(const json_t *document)
{
    static const char *const banned[] = {"<script", "href", "url(", "font-face", "nan", "inf\""};
    size_t size = 0;
    free(svg);
    svg = NULL;
    FILE *stream = open_memstream(&svg, &size);
    assert_non_null(stream);
    assert_int_equal(svg_write(document, stream), 0);
    assert_int_equal(fclose(stream), 0);
    assert_int_equal(strlen(svg), size);
    check_xml();
    for (size_t i = 0; i < sizeof banned / sizeof banned[0]; i++)
        assert_int_equal(count(banned[i]), 0);
    assert_int_equal(count("http"), 1); /* the name of what it is */
}

static struct result_cell *cell_with(const char *workload, const char *target, unsigned connections,
                                     double us)
{
    struct result_cell *cell = synthetic_cell(workload, target, connections);
    synthetic_constant(cell, FIGURE_SERVER_CPU_US_PER_OPERATION, us);
    return cell;
}

struct place {
    double x;
    double y;
};

/* The places of all elements of a class, in the order of the picture. */
static size_t places(const char *use, struct place *found, size_t max)
{
    char begin[64];
    size_t places = 0;
    snprintf(begin, sizeof begin, "class=\"%s\" transform=\"translate(", use);
    for (const char *at = svg; (at = strstr(at, begin)); places++) {
        assert_true(places < max);
        at += strlen(begin);
        assert_int_equal(sscanf(at, "%lf %lf)", &found[places].x, &found[places].y), 2);
    }
    return places;
}

static void check_near(double value, double expected)
{
    if (!(fabs(value - expected) <= 0.06)) /* tenths are written */
        fail_msg("%.3f instead of %.3f", value, expected);
}

/* The foot of the plot: where the ticks of x begin. */
static double bottom(void)
{
    double y = NAN;
    const char *frame = strstr(svg, "V");
    for (; frame && sscanf(frame, "V%lfH524.0\"", &y) != 1; frame = strstr(frame + 1, "V"))
        ;
    assert_non_null(frame);
    return y;
}

static void test_points_stand_where_they_belong(void **state)
{
    static const unsigned connections[] = {100, 1, 10};
    struct place points[3];
    (void)state;
    synthetic_results();
    cell_with("crr", "thread", connections[0], 100);
    cell_with("crr", "thread", connections[1], 10);
    cell_with("crr", "thread", connections[2], sqrt(1000));
    draw(synthetic_document());
    assert_int_equal(places("point", points, 3), 3);
    for (size_t i = 0; i < 3; i++) { /* x rises, whatever the order of the cells */
        check_near(points[i].x, FIRST_X + (LAST_X - FIRST_X) / 2 * (double)i);
        check_near(points[i].y, bottom() - HEIGHT / 2 * (double)i);
    }
    expect(">crr: connect, one exchange of 64 bytes, close</text>");
    expect(">CPU time of the server per operation over connections at once</text>");
    expect(">connections at once (both scales are logarithmic)</text>");
    expect(">microseconds of CPU per operation</text>");
    expect(">2 CPUs, A CPU, Linux 6.1 x86_64, glibc 2.36; 2026-11-21, thrd ");
    expect(">Medians of 5 rounds of 0.5 s; the true median lies within the bar with a probability "
           "of 94 %.</text>");
    expect("<desc>thread: 10.0 us at 1, 31.6 us at 10, 100 us at 100.</desc>");
    expect("<title>thread at 100: 100 us (100 us to 100 us)</title>");
}

static void test_intervals_reach_from_low_to_high(void **state)
{
    double x, low, high;
    (void)state;
    synthetic_results();
    struct result_cell *cell = cell_with("crr", "thread", 1, 20);
    cell_with("crr", "thread", 8, 100);
    cell->figures[FIGURE_SERVER_CPU_US_PER_OPERATION][0] = 10;
    cell->figures[FIGURE_SERVER_CPU_US_PER_OPERATION][4] = 50;
    draw(synthetic_document());
    const char *interval = strstr(svg, "class=\"interval\" d=\"M");
    assert_non_null(interval);
    assert_int_equal(sscanf(interval, "class=\"interval\" d=\"M%lf %lfV%lfM", &x, &low, &high), 3);
    check_near(x, FIRST_X);
    check_near(low, bottom());
    check_near(high, bottom() - HEIGHT * log10(5));
}

/* An interval may reach to 0, and a figure be 0: neither has a logarithm. */
static void test_no_logarithm_of_nothing(void **state)
{
    struct place points[2];
    (void)state;
    synthetic_results();
    struct result_cell *cell = cell_with("crr", "thread", 1, 20);
    cell->figures[FIGURE_SERVER_CPU_US_PER_OPERATION][0] = 0;
    cell_with("crr", "thread", 8, 0);
    draw(synthetic_document());
    assert_int_equal(places("point", points, 2), 1);
    expect(">Not known: thread at 8.</text>");
    double x, low;
    const char *interval = strstr(svg, "class=\"interval\" d=\"M");
    assert_int_equal(sscanf(interval, "class=\"interval\" d=\"M%lf %lfV", &x, &low), 2);
    check_near(low, bottom());
}

/* 0 stands before the gap, the others behind it as on any axis. */
static void test_zero_has_a_place(void **state)
{
    static const int64_t sizes[] = {0, MIB, 4 * MIB, 16 * MIB};
    static const double expected[] = {FIRST_X, FIRST_X + 64, (FIRST_X + 64 + LAST_X) / 2, LAST_X};
    struct place points[4];
    (void)state;
    synthetic_results();
    for (size_t i = 0; i < 4; i++)
        cell_with("crr", "thread", 8, 60)->cell.ballast_bytes = sizes[i];
    draw(synthetic_document());
    assert_int_equal(places("point", points, 4), 4);
    for (size_t i = 0; i < 4; i++)
        check_near(points[i].x, expected[i]);
    expect(">0</text>");
    expect(">1 MiB</text>");
    expect(">16 MiB</text>");
    assert_int_equal(count("stroke-opacity"), 1); /* of the line through the gap */
    expect("besides (both scales are logarithmic, 0 apart)</text>");
    expect("over memory that the server holds besides; 8 at once</text>");
}

static void test_held_connections_are_swept_too(void **state)
{
    static const char *const targets[] = {"thread", "inline"};
    (void)state;
    synthetic_results();
    for (size_t i = 0; i < 3; i++)
        cell_with("rr", targets[i == 2], i == 2 ? 1 : 64, 10)->cell.workload.held =
            i == 1 ? 10000 : 0;
    draw(synthetic_document());
    expect(">10,000</text>");
    expect("over connections held idle besides; 64 connections</text>");
    assert_int_equal(count(">with 1 connection</text>"), 1); /* which is inline's own */
}

static void test_what_is_missing_has_no_point(void **state)
{
    struct place points[8];
    (void)state;
    synthetic_results();
    for (unsigned i = 0; i < 4; i++) {
        cell_with("crr", "thread", 1U << i, 60);
        if (i == 1)
            synthetic_cell("crr", "fork", 1U << i)->failed_rounds = SYNTHETIC_ROUNDS;
        else
            cell_with("crr", "fork", 1U << i, 240);
    }
    draw(synthetic_document());
    assert_int_equal(places("point", points, 8), 7);
    assert_int_equal(count("class=\"line\""), 3 + 1); /* none across the hole */
    expect(">Not known: fork at 2.</text>");
}

static void test_a_single_point(void **state)
{
    struct place points[1];
    (void)state;
    synthetic_results();
    cell_with("crr", "thread", 8, 12);
    synthetic_cell("crr", "thread", 64);
    draw(synthetic_document());
    assert_int_equal(places("point", points, 1), 1);
    check_near(points[0].x, FIRST_X);
    assert_int_equal(count("class=\"line\""), 0);
}

/* Not even intervals, and only one line of two. */
static void test_one_round(void **state)
{
    (void)state;
    struct results *results = synthetic_results();
    cell_with("crr", "thread", 1, 60)->rounds = 1;
    cell_with("crr", "thread", 8, 60)->rounds = 1;
    results->rounds = 1;
    draw(synthetic_document());
    expect(">1 round of 0.5 s; without intervals, which take more rounds than one.</text>");
}

/* Where rounds have failed a bar is less sure: no more is claimed than what holds for each. */
static void test_the_least_sure_interval_counts(void **state)
{
    (void)state;
    synthetic_results();
    cell_with("crr", "thread", 1, 60);
    struct result_cell *cell = cell_with("crr", "thread", 8, 60);
    cell->figures[FIGURE_SERVER_CPU_US_PER_OPERATION][1] = NAN;
    cell->figures[FIGURE_SERVER_CPU_US_PER_OPERATION][2] = NAN;
    draw(synthetic_document());
    expect("; the true median lies within the bar with a probability of 75 % or more.</text>");
}

static void test_nothing_measured(void **state)
{
    (void)state;
    struct results *results = synthetic_results();
    synthetic_cell("crr", "thread", 1);
    synthetic_cell("crr", "thread", 8);
    results->interrupted = true;
    draw(synthetic_document());
    expect(">No CPU time was measured: ");
    expect(">Not known: thread at 1, 8.</text>");
    expect("The run was interrupted.</text>");
}

/* Whatever is no picture is one that says why. */
static void test_runs_that_are_no_picture(void **state)
{
    (void)state;
    synthetic_usual_run();
    draw(synthetic_document());
    expect(">The run has more than one workload: there is no one picture.</text>");
    synthetic_results();
    cell_with("crr", "thread", 8, 60);
    cell_with("crr", "fork", 8, 240);
    draw(synthetic_document());
    expect(">The run sweeps over nothing: there is nothing to draw a line over.</text>");
    cell_with("crr", "fork", 64, 240);
    cell_with("crr", "fork", 64, 540)->cell.ballast_bytes = MIB;
    draw(synthetic_document());
    expect(">The run sweeps over more than one thing: there is no one picture.</text>");
    loaded = json_loads("{\"cells\": [{}, {\"target\": 3}, 7]}", 0, NULL);
    draw(loaded);
    expect(">No picture</text>");
}

/* ---- Names -------------------------------------------------------------------------------- */

static void test_names_stay_text(void **state)
{
    (void)state;
    synthetic_results();
    for (unsigned i = 0; i < 2; i++) {
        cell_with("crr", "a<b>&\"c\"", 1 + i, 60);
        cell_with("crr", "bell\a\x1b and \xef\xbf\xbf", 1 + i, 61);
        cell_with("crr", "twenty letters \xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9 and more", 1 + i,
                  62);
        synthetic_cell("crr", "</desc><script>", 1 + i);
    }
    draw(synthetic_document());
    expect(">a&lt;b&gt;&amp;&quot;c&quot;</text>");
    expect(">bell\xef\xbf\xbd\xef\xbf\xbd and \xef\xbf\xbd</text>");
    expect(">twenty letters \xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9...</text>");
    expect("Not known: &lt;/desc&gt;&lt;script&gt; at 1, 2.");
}

static int by_height(const void *a, const void *b)
{
    double y = ((const struct place *)a)->y;
    double other = ((const struct place *)b)->y;
    return (y > other) - (y < other);
}

/* However near to each other the lines end. */
static void test_names_keep_their_distance(void **state)
{
    static const char *const servers[] = {"thread", "fork", "nginx", "socat", "libuv", "tokio"};
    static const double cpu[][6] = {
        {60, 60, 60, 60, 60, 60}, {60, 61, 62, 300, 301, 302}, {1, 1000, 1000, 1000, 1000, 1000}};
    (void)state;
    for (size_t i = 0; i < sizeof cpu / sizeof cpu[0]; i++) {
        struct place names[6], points[12];
        synthetic_results();
        for (unsigned j = 0; j < 12; j++)
            cell_with("crr", servers[j / 2], 1 + 7 * (j % 2), cpu[i][j / 2]);
        draw(synthetic_document());
        assert_int_equal(places("key", names, 6), 6);
        assert_int_equal(places("point", points, 12), 12);
        qsort(names, 6, sizeof names[0], by_height);
        for (size_t j = 0; j < 6; j++) {
            assert_true(j == 0 || names[j].y - names[j - 1].y > 17.9);
            assert_true(names[j].y >= bottom() - HEIGHT - 0.1 && names[j].y <= bottom() + 0.1);
        }
        for (size_t j = 0; j < 12; j++) /* beside each other, not upon */
            for (size_t k = 0; k < j; k++)
                assert_true(fabs(points[j].x - points[k].x) > 2.9);
    }
}

/* Neither markers nor dashes nor colours are the same twice, up to twice eight servers. */
static void test_servers_look_different(void **state)
{
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
    const char *looks[10];
    (void)state;
    synthetic_results();
    for (unsigned i = 0; i < 20; i++)
        cell_with("crr", names[i / 2], 1 + i % 2, 60);
    draw(synthetic_document());
    const char *at = svg;
    for (size_t i = 0; i < 10; i++) {
        at = strstr(at, "class=\"key\"");
        assert_non_null(at);
        looks[i] = strstr(at, "d=\"");
        at = looks[i];
        for (size_t j = 0; j < i; j++)
            assert_true(strncmp(looks[i], looks[j], strcspn(looks[i], ">")) != 0);
    }
}

/* ---- The whole ---------------------------------------------------------------------------- */

static void test_the_same_document_makes_the_same_bytes(void **state)
{
    (void)state;
    synthetic_results();
    cell_with("crr", "thread", 1, 60);
    cell_with("crr", "thread", 8, 61);
    json_t *document = synthetic_document();
    draw(document);
    char *first = strdup(svg);
    loaded = json_deep_copy(document);
    draw(loaded);
    bool is_same = strcmp(first, svg) == 0;
    free(first);
    assert_true(is_same);
}

static void test_everything_lies_within(void **state)
{
    double height, y;
    (void)state;
    struct results *results = synthetic_results();
    memset(results->machine.cpu, 'w', sizeof results->machine.cpu - 1);
    for (unsigned i = 0; i < 24; i++)
        synthetic_cell("crr", i % 2 ? "fork" : "thread", 10000 + i);
    synthetic_constant(&results->cells[0], FIGURE_SERVER_CPU_US_PER_OPERATION, 60);
    draw(synthetic_document());
    assert_int_equal(sscanf(strstr(svg, "viewBox"), "viewBox=\"0 0 720 %lf\"", &height), 1);
    for (const char *at = svg; (at = strstr(at, " y=\"")); at++) {
        assert_int_equal(sscanf(at, " y=\"%lf\"", &y), 1);
        assert_true(y < height);
    }
}

static void test_a_full_disk_is_told(void **state)
{
    (void)state;
    synthetic_usual_run();
    json_t *document = synthetic_document();
    FILE *full = fopen("/dev/full", "w");
    assert_non_null(full);
    assert_int_equal(svg_write(document, full), -1);
    fclose(full);
}

/* ---- Axes --------------------------------------------------------------------------------- */

static void check_ticks(double low, double high, const double *expected, size_t expected_count)
{
    double ticks[PLOT_TICKS_MAX];
    size_t got = plot_axis_ticks(low, high, ticks);
    assert_int_equal(got, expected_count);
    for (size_t i = 0; i < got; i++)
        if (!(fabs(ticks[i] - expected[i]) <= 1e-9 * expected[i]))
            fail_msg("%g instead of %g", ticks[i], expected[i]);
}

#define CHECK_TICKS(low, high, ...)                                                                \
    do {                                                                                           \
        static const double expected[] = {__VA_ARGS__};                                            \
        check_ticks(low, high, expected, sizeof expected / sizeof expected[0]);                    \
    } while (0)

static void test_ticks(void **state)
{
    double ticks[PLOT_TICKS_MAX];
    (void)state;
    CHECK_TICKS(10, 100, 10, 20, 50, 100);
    CHECK_TICKS(11, 99, 10, 20, 50, 100);
    CHECK_TICKS(60, 540, 50, 100, 200, 500, 1000);
    CHECK_TICKS(10.3, 11.2, 10, 12);
    CHECK_TICKS(7.4, 12, 7, 8, 9, 10, 12);
    CHECK_TICKS(12, 12, 12, 14);
    CHECK_TICKS(99, 100, 90, 100);
    CHECK_TICKS(0.02, 0.03, 0.02, 0.025, 0.03);
    CHECK_TICKS(0.5, 5e5, 0.1, 1, 10, 100, 1000, 1e4, 1e5, 1e6);
    assert_int_equal(plot_axis_ticks(1e-300, 1e300, ticks), PLOT_TICKS_MAX);
}

static void test_places_on_an_axis(void **state)
{
    struct plot_axis axis = {.low = 1, .high = 100, .from = 10, .to = 30, .zero = 5};
    (void)state;
    check_near(plot_axis_at(&axis, 1), 10);
    check_near(plot_axis_at(&axis, 10), 20);
    check_near(plot_axis_at(&axis, 100), 30);
    check_near(plot_axis_at(&axis, 0), 5);
    axis.high = 1;
    check_near(plot_axis_at(&axis, 1), 20); /* the only one, in the middle */
}

static void test_labels_do_not_touch(void **state)
{
    static const double at[] = {0, 10, 30, 45, 100, 110};
    static const double width[] = {20, 20, 20, 20, 20, 20};
    static const bool expected[] = {true, false, true, false, false, true};
    bool is_shown[6];
    (void)state;
    plot_axis_choose(at, width, 6, 2, is_shown);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(is_shown[i], expected[i]);
    plot_axis_choose(at, width, 2, 2, is_shown);
    assert_false(is_shown[0]);
    assert_true(is_shown[1]);
}

#define TEST(function) cmocka_unit_test_teardown(function, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_points_stand_where_they_belong),
        TEST(test_intervals_reach_from_low_to_high),
        TEST(test_no_logarithm_of_nothing),
        TEST(test_zero_has_a_place),
        TEST(test_held_connections_are_swept_too),
        TEST(test_what_is_missing_has_no_point),
        TEST(test_a_single_point),
        TEST(test_one_round),
        TEST(test_the_least_sure_interval_counts),
        TEST(test_nothing_measured),
        TEST(test_runs_that_are_no_picture),
        TEST(test_names_stay_text),
        TEST(test_names_keep_their_distance),
        TEST(test_servers_look_different),
        TEST(test_the_same_document_makes_the_same_bytes),
        TEST(test_everything_lies_within),
        TEST(test_a_full_disk_is_told),
        TEST(test_ticks),
        TEST(test_places_on_an_axis),
        TEST(test_labels_do_not_touch),
    };
    return cmocka_run_group_tests_name("svg", tests, NULL, NULL);
}
