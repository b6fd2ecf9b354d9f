/* folder.h: what a folder holds, for messages about a folder where a file was expected. */
#ifndef SCRY_IO_FOLDER_H
#define SCRY_IO_FOLDER_H

/* Returns "WHAT, expected EXPECTED; ADVICE": what the folder is, as far as its files show it, and what to name instead.
 * advice: what stands before the names in any other folder, "name one of what it holds". The caller frees the text. */
char *folder_content(const char *path, const char *expected, const char *advice);

#endif
