/* Reads a call's arguments and writes its result, both as JSON. Every name begins with tst_.
 *
 * The arguments were written by the judge, by the same types that the readers are made from. The result is
 * judged outside: whatever a submission does to this, it can only change the value it is judged by. */
#pragma once

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *tst_at;

static void tst_fail(const char *what) {
    fprintf(stderr, "driver: %s\n", what);
    exit(70);
}

static void *tst_sized(void *memory, size_t size) {
    void *moved = realloc(memory, size ? size : 1);
    if (!moved) tst_fail("no memory");
    return moved;
}

static void tst_open(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) tst_fail("no arguments");
    size_t length = 0, room = 1 << 16;
    char *content = tst_sized(NULL, room);
    for (size_t got; (got = fread(content + length, 1, room - length - 1, file)) > 0;) {
        length += got;
        if (room - length - 1 == 0) content = tst_sized(content, room *= 2);
    }
    fclose(file);
    remove(path);
    content[length] = 0;
    tst_at = content;
}

static char tst_next(void) {
    while (*tst_at == ' ' || *tst_at == '\n') tst_at++;
    return *tst_at;
}

static void tst_expect(char wanted) {
    if (tst_next() != wanted) tst_fail("arguments of another type");
    tst_at++;
}

static bool tst_null(void) {
    if (tst_next() != 'n') return false;
    tst_at += 4;
    return true;
}

/* Whether another item follows, taking the comma before it, or else the closing bracket. */
static bool tst_more(char close) {
    if (tst_next() == close) return tst_at++, false;
    if (*tst_at == ',') tst_at++;
    return true;
}
#define TST_EACH(open, close) for (tst_expect(open); tst_more(close);)

/* Room for one item more: the room doubles whenever the length is a power of two. */
static void *tst_grow(void *items, size_t length, size_t size) {
    return length & (length - 1) || (length == 0 && items) ? items : tst_sized(items, (length ? 2 * length : 1) * size);
}

static int64_t tst_read_int64_t(void) {
    return strtoll(tst_at, &tst_at, 10);
}

static bool tst_read_bool(void) {
    bool value = tst_next() == 't';
    tst_at += value ? 4 : 5;
    return value;
}

static double tst_read_double(void) {
    if (tst_next() != '{') return strtod(tst_at, &tst_at);
    double value = tst_at[11] == 'n' ? NAN : tst_at[11] == '-' ? -INFINITY : INFINITY;
    tst_at = strchr(tst_at, '}') + 1;
    return value;
}

static unsigned tst_hex(void) {
    char digits[5] = {0};
    memcpy(digits, tst_at, 4);
    tst_at += 4;
    return (unsigned)strtoul(digits, NULL, 16);
}

/* The judge escapes only quotes, backslashes and control characters. */
static str tst_read_str(void) {
    tst_expect('"');
    str value = {tst_at, 0};
    while (*tst_at != '"') {
        char byte = *tst_at++;
        if (byte == '\\') {
            const char *short_forms = "b\bf\fn\nr\rt\t", *form = strchr(short_forms, byte = *tst_at++);
            if (byte == 'u') byte = (char)tst_hex();
            else if (form) byte = form[1];
        }
        value.data[value.length++] = byte;
    }
    *tst_at++ = 0;
    value.data[value.length] = 0;
    return value;
}

static char *tst_out;
static size_t tst_length, tst_room;

static void tst_bytes(const char *data, size_t length) {
    if (tst_length + length > tst_room) tst_out = tst_sized(tst_out, tst_room = 2 * (tst_length + length));
    memcpy(tst_out + tst_length, data, length);
    tst_length += length;
}

static void tst_text(const char *text) {
    tst_bytes(text, strlen(text));
}

static void tst_write_int64_t(int64_t value) {
    char digits[32];
    snprintf(digits, sizeof digits, "%lld", (long long)value);
    tst_text(digits);
}

static void tst_write_bool(bool value) {
    tst_text(value ? "true" : "false");
}

static void tst_write_double(double value) {
    char digits[40];
    snprintf(digits, sizeof digits, "%.17g", value);
    if (isnan(value)) tst_text("{\"$float\":\"nan\"}");
    else if (isinf(value)) tst_text(value > 0 ? "{\"$float\":\"inf\"}" : "{\"$float\":\"-inf\"}");
    else tst_text(strpbrk(digits, ".e") ? digits : strcat(digits, ".0"));
}

/* The length of the UTF-8 character at `at`, 0 where there is none. RFC 3629. */
static size_t tst_character(const unsigned char *at, const unsigned char *end) {
    size_t length = *at < 0x80 ? 1 : *at < 0xC2 ? 0 : *at < 0xE0 ? 2 : *at < 0xF0 ? 3 : *at < 0xF5 ? 4 : 0;
    if (!length || (size_t)(end - at) < length) return 0;
    for (size_t i = 1; i < length; i++)
        if ((at[i] & 0xC0) != 0x80) return 0;
    if ((*at == 0xE0 && at[1] < 0xA0) || (*at == 0xED && at[1] > 0x9F)) return 0;
    if ((*at == 0xF0 && at[1] < 0x90) || (*at == 0xF4 && at[1] > 0x8F)) return 0;
    return length;
}

static void tst_write_str(str value) {
    const unsigned char *at = (const unsigned char *)value.data, *end = at + value.length;
    size_t start = tst_length;
    tst_text("\"");
    while (at < end) {
        size_t length = tst_character(at, end);
        char escaped[8];
        if (!length) {
            tst_length = start;
            tst_text("{\"$foreign\":\"bytes\"}");
            return;
        }
        if (*at < 0x20 || *at == '"' || *at == '\\') {
            snprintf(escaped, sizeof escaped, "\\u%04x", *at);
            tst_text(escaped);
        } else {
            tst_bytes((const char *)at, length);
        }
        at += length;
    }
    tst_text("\"");
}

static int tst_close(const char *path) {
    fflush(stdout);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(tst_out, 1, tst_length, file) != tst_length || fclose(file)) return 71;
    return 0;
}
