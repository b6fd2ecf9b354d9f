/* capture/item_encoding.h: samples of a corpus as token ids: what stands in front, what is read, where the response
 * begins. */
#ifndef SCRY_CAPTURE_ITEM_ENCODING_H
#define SCRY_CAPTURE_ITEM_ENCODING_H

#include "capture/corpus.h"

/* How texts of a file become ids. */
typedef struct text_rule {
    const scry_tokenizer *tok; /* borrowed */
    int chat_template;         /* a row of the table of templates; -1: plain text */
    scry_bos bos;
} text_rule;

/* Finds the template for a file: the one of that name; "none": plain text; NULL: plain text, or where lines are
 * messages the one that fits the tokenizer. False and err where messages have none. rule->tok and bos are kept. */
bool text_rule_find(text_rule *rule, const corpus *c, const char *name, scry_error *err);

/* {0} is empty. Owner: encoded_item_free. */
typedef struct encoded_item {
    scry_tokens head;    /* the beginning-of-text token, and a chat's system message: in front of all */
    scry_tokens own;     /* of the sample's text. A chat's ends with what ends the last turn, without line break */
    size_t response;     /* the first of them that reads beyond the prompt; own.count: there is no response */
    size_t response_end; /* the first that reads beyond the response's words: what ends a chat's turn */
} encoded_item;
void encoded_item_free(encoded_item *e);

/* Encodes sample i of a corpus. response (may be NULL) takes the place of its own, as it stands: with its blank where
 * the text goes on after "Answer:". False and err, which names file and line, for text that is not UTF-8, messages
 * without a template, and a text that the template has no place for. */
bool item_encode(const text_rule *rule, const corpus *c, size_t i, const char *response, encoded_item *out,
                 scry_error *err);
/* Appends it as text in front of others: all of it, then the separator; in a chat, its turns without the head. */
bool item_encode_in_front(const text_rule *rule, const corpus *c, size_t i, const char *separator, scry_tokens *out,
                          scry_error *err);

#endif
