// Answers of HTTP/1.1, with a length or in chunks.

#include "load.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool ends_headers(struct answer *answer) {
    if (answer->chunked) {
        answer->part = CHUNK_SIZE;
        return false;
    }
    answer->part = BODY;
    return answer->left == 0;
}

// A line without its end. Says whether the answer has ended with it.
static bool take_line(struct answer *answer) {
    const char *line = answer->line;
    switch (answer->part) {
    case STATUS:
        if (strncmp(line, "HTTP/1.1 200", 12)) {
            fail("not an answer, or not a good one: %.60s", line);
        }
        answer->part = HEADER;
        return false;
    case HEADER:
        if (!*line) {
            return ends_headers(answer);
        }
        if (!strncasecmp(line, "content-length:", 15)) {
            answer->left = strtoull(line + 15, NULL, 10);
        } else if (!strncasecmp(line, "transfer-encoding:", 18) && strstr(line, "chunked")) {
            answer->chunked = true;
        }
        return false;
    case CHUNK_SIZE:
        answer->left = strtoull(line, NULL, 16);
        answer->part = answer->left == 0 ? TRAILER : BODY;
        return false;
    case CHUNK_END:
        answer->part = CHUNK_SIZE;
        return false;
    default: // TRAILER
        return !*line;
    }
}

bool take_answer(struct answer *answer, const uint8_t *bytes, size_t length, size_t *taken,
                 void (*body)(void *context, const uint8_t *bytes, size_t length), void *context) {
    size_t at = 0;
    bool over = false;
    while (at < length && !over) {
        if (answer->part == BODY) {
            size_t part = answer->left < length - at ? answer->left : length - at;
            body(context, bytes + at, part);
            at += part;
            answer->left -= part;
            if (answer->left == 0) {
                over = !answer->chunked;
                answer->part = CHUNK_END;
            }
            continue;
        }
        char next = (char)bytes[at++];
        if (next == '\n') {
            if (answer->line_length > 0 && answer->line[answer->line_length - 1] == '\r') {
                answer->line_length--;
            }
            answer->line[answer->line_length] = 0;
            answer->line_length = 0;
            over = take_line(answer);
        } else if (answer->line_length < sizeof answer->line - 1) {
            answer->line[answer->line_length++] = next;
        }
    }
    *taken = at;
    if (over) {
        *answer = (struct answer){.part = STATUS};
    }
    return over;
}
