/* test_html.c - bench/html.c: the page is whole, the document in it is the one that was given, no
 * text of the document gets out of its place, and nothing is fetched from anywhere. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <jansson.h>

#include "bench/figures.h"
#include "bench/report/views.h"

/* What breaks out of HTML, of an attribute, of a script element and of a JavaScript string. */
#define HOSTILE                                                                                    \
    "</script><script>alert(1)</script><!--</title><img src=x onerror=alert(2)> \" ' & "           \
    "{{document}} \xe2\x80\xa8 \\"
#define ESCAPED                                                                                    \
    "&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;!--&lt;/title&gt;"                    \
    "&lt;img src=x onerror=alert(2)&gt; &quot; &#39; &amp; {{document}} \xe2\x80\xa8 \\"

static json_t *load_sample(void)
{
    json_error_t error;
    json_t *document = json_load_file(SAMPLE, 0, &error);
    if (!document)
        fail_msg("%s: %s", SAMPLE, error.text);
    return document;
}

/* The caller's to free(). */
static char *page_of(const json_t *document)
{
    char *page = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&page, &size);
    assert_non_null(stream);
    assert_int_equal(html_write(document, stream), 0);
    assert_int_equal(fclose(stream), 0);
    assert_int_equal(strlen(page), size);
    return page;
}

static size_t count(const char *page, const char *text)
{
    size_t found = 0;
    for (const char *at = page; (at = strstr(at, text)); at += strlen(text))
        found++;
    return found;
}

static void check_count(const char *page, const char *text, size_t expected)
{
    if (count(page, text) != expected)
        fail_msg("\"%s\" stands %zu times in the page, not %zu", text, count(page, text), expected);
}

/* The JSON of the script element called id, as a browser would read it. */
static json_t *embedded(const char *page, const char *id)
{
    char start[100];
    json_error_t error;
    snprintf(start, sizeof start, "<script type=\"application/json\" id=\"%s\">", id);
    const char *begin = strstr(page, start);
    assert_non_null(begin);
    begin += strlen(start);
    const char *end = strstr(begin, "</script");
    assert_non_null(end);
    json_t *json = json_loadb(begin, (size_t)(end - begin), 0, &error);
    if (!json)
        fail_msg("the JSON of %s: %s", id, error.text);
    return json;
}

static void check_structure(const char *page)
{
    static const char *const once[] = {
        "<!doctype html>", "<html ",  "</html>", "<head>",  "</head>", "<title>",    "</title>",
        "<body>",          "</body>", "<main>",  "</main>", "<h1>",    "<noscript>", "</noscript>"};
    for (size_t i = 0; i < sizeof once / sizeof *once; i++)
        check_count(page, once[i], 1);
    check_count(page, "<script", 3);
    check_count(page, "</script>", 3);
    check_count(page, "<style", 2);
    check_count(page, "</style>", 2);
    check_count(page, "<!--", 0);
    check_count(page, "<img", 0);
}

static void test_structure(void **state)
{
    (void)state;
    json_t *document = load_sample();
    char *page = page_of(document);
    assert_memory_equal(page, "<!doctype html>", 15);
    check_structure(page);
    check_count(page, "{{", 0);
    check_count(page, "This run has failed", 0);
    check_count(page, "This run was interrupted", 0);
    check_count(page, "default-src 'none'", 1);
    check_count(page, "<title>thrd bench thread, epoll, fork, inline</title>", 1);
    assert_non_null(strstr(page, "2026-11-21 16:30 UTC · A processor · 2 CPUs · Linux 6.18"));
    if (strlen(page) >= 200 * 1024)
        fail_msg("the page of the sample has %zu bytes", strlen(page));
    free(page);
    json_decref(document);
}

static void test_document_is_unchanged(void **state)
{
    (void)state;
    json_t *document = load_sample();
    char *page = page_of(document);
    json_t *inside = embedded(page, "document");
    assert_true(json_equal(inside, document));
    json_decref(inside);
    free(page);
    json_decref(document);
}

static void test_meanings(void **state)
{
    (void)state;
    json_t *document = load_sample();
    char *page = page_of(document);
    json_t *inside = embedded(page, "meanings");
    assert_int_equal(json_object_size(inside), FIGURES);
    json_decref(inside);
    free(page);
    json_decref(document);
}

/* Replaces each text below json, however deep. */
static void make_hostile(json_t *json)
{
    const char *key;
    size_t index;
    json_t *value;
    json_object_foreach (json, key, value) {
        if (json_is_string(value))
            json_object_set_new(json, key, json_string(HOSTILE));
        else
            make_hostile(value);
    }
    json_array_foreach (json, index, value) {
        if (json_is_string(value))
            json_array_set_new(json, index, json_string(HOSTILE));
        else
            make_hostile(value);
    }
}

static void test_hostile_texts(void **state)
{
    (void)state;
    json_t *document = load_sample();
    make_hostile(document);
    json_object_set_new(document, "failed", json_true());
    json_t *cell = json_array_get(json_object_get(document, "cells"), 0);
    json_object_set_new(json_object_get(cell, "figures"), HOSTILE,
                        json_pack("{s:f}", "median", 1.0));
    char *page = page_of(document);
    check_structure(page);
    check_count(page, "<title>thrd bench " ESCAPED "</title>", 1);
    json_t *inside = embedded(page, "document");
    assert_true(json_equal(inside, document));
    const char *json = strstr(page, "id=\"document\">");
    const char *end = strstr(json, "</script>");
    const char *separator = strstr(json, "\xe2\x80\xa8");
    assert_true(!separator || separator > end);
    json_decref(inside);
    free(page);
    json_decref(document);
}

/* Findings and figures stand there without JavaScript too, the reasons of a failed run as well. */
static void test_readable_without_script(void **state)
{
    (void)state;
    json_t *document = load_sample();
    json_t *cell = json_array_get(json_object_get(document, "cells"), 0);
    json_object_set_new(document, "failed", json_true());
    json_object_set_new(document, "interrupted", json_true());
    json_object_set_new(cell, "first_failure", json_string("wrong byte: 4 < 5"));
    char *page = page_of(document);
    char *scripts = strstr(page, "<script");
    assert_non_null(scripts);
    *scripts = '\0';
    check_count(page, "<li>A process costs 4.8 times (4.6 to 5.0) the CPU of a thread", 1);
    check_count(page, "This run has failed", 1);
    check_count(page, "This run was interrupted", 1);
    check_count(page, "<li>thread, rr: wrong byte: 4 &lt; 5</li>", 1);
    check_count(page, "<th colspan=\"3\">thread: crr, connections 8, held 0, size_bytes 64", 3);
    check_count(page, "<tr><td>pss_bytes_per_connection<td>", 3);
    check_count(page, "<td>13770<td>13190 to 14080\n", 1);
    free(page);
    json_decref(document);
}

/* A terminal has "us" for what a page can write. */
static void test_microseconds(void **state)
{
    (void)state;
    json_t *document = load_sample();
    json_object_set_new(document, "findings",
                        json_pack("[s]", "It takes 7 us here & 31 us there, for us 2 used."));
    char *page = page_of(document);
    check_count(page, "<li>It takes 7\u00a0µs here &amp; 31\u00a0µs there, for us 2 used.</li>", 1);
    free(page);
    json_decref(document);
}

/* No reference leaves the page: the name of SVG's namespace is none. */
static void test_no_network(void **state)
{
    static const char *const references[] = {"https:",     "//cdn", "@import", "url(",
                                             "<link",      "src=",  "href=",   "fetch(",
                                             "XMLHttpReq", "<base", "<iframe", "import("};
    (void)state;
    json_t *document = load_sample();
    char *page = page_of(document);
    for (size_t i = 0; i < sizeof references / sizeof *references; i++)
        check_count(page, references[i], 0);
    check_count(page, "http:", 1);
    check_count(page, "\"http://www.w3.org/2000/svg\"", 1);
    free(page);
    json_decref(document);
}

static void test_documents_with_little(void **state)
{
    static const char *const texts[] = {
        "{}",
        "{\"cells\": []}",
        "{\"cells\": [{}], \"failed\": true, \"findings\": [null]}",
        "{\"cells\": [{\"target\": \"a\", \"figures\": {\"x_us\": null, \"y_us\": {}}}]}",
        "{\"cells\": 1, \"machine\": [], \"findings\": {}, \"stevens\": null, \"started\": 5}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        json_t *document = json_loads(texts[i], 0, NULL);
        assert_non_null(document);
        char *page = page_of(document);
        check_structure(page);
        check_count(page, "null</li>", 0);
        free(page);
        json_decref(document);
    }
}

static void test_write_error(void **state)
{
    (void)state;
    json_t *document = load_sample();
    FILE *stream = fopen("/dev/full", "w");
    assert_non_null(stream);
    errno = 0;
    assert_int_equal(html_write(document, stream), -1);
    assert_int_equal(errno, ENOSPC);
    fclose(stream);
    json_decref(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_structure),
        cmocka_unit_test(test_document_is_unchanged),
        cmocka_unit_test(test_meanings),
        cmocka_unit_test(test_hostile_texts),
        cmocka_unit_test(test_readable_without_script),
        cmocka_unit_test(test_microseconds),
        cmocka_unit_test(test_no_network),
        cmocka_unit_test(test_documents_with_little),
        cmocka_unit_test(test_write_error),
    };
    return cmocka_run_group_tests_name("html", tests, NULL, NULL);
}
