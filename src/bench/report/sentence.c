/* sentence.c - see sentence.h. */
#include "bench/report/sentence.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define CUT "..."

void sentence_begin(struct sentence *sentence)
{
    *sentence = (struct sentence){.length = 0};
}

static void cut(struct sentence *sentence)
{
    size_t end = sizeof sentence->text - sizeof CUT;
    /* Not in the middle of a character: UTF-8 goes on with bytes 10xxxxxx. */
    while (end > 0 && ((unsigned char)sentence->text[end] & 0xc0) == 0x80)
        end--;
    memcpy(sentence->text + end, CUT, sizeof CUT);
    sentence->length = end + strlen(CUT);
    sentence->is_cut = true;
}

void sentence_add(struct sentence *sentence, const char *format, ...)
{
    size_t room = sizeof sentence->text - sentence->length;
    va_list arguments;
    if (sentence->is_cut)
        return;
    va_start(arguments, format);
    int length = vsnprintf(sentence->text + sentence->length, room, format, arguments);
    va_end(arguments);
    if (length < 0)
        sentence->text[sentence->length] = '\0';
    else if ((size_t)length >= room)
        cut(sentence);
    else
        sentence->length += (size_t)length;
}

void sentence_capitalize(struct sentence *sentence)
{
    char *first = sentence->text;
    if (*first >= 'a' && *first <= 'z')
        *first = (char)(*first - 'a' + 'A');
}
