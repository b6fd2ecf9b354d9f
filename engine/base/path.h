/* base/path.h: parts of file names. Names are compared as they are written; path_absolute, path_from_folder and
 * path_is_directory ask the system. */
#ifndef SCRY_BASE_PATH_H
#define SCRY_BASE_PATH_H

#include <stdbool.h>

/* What follows the last slash, inside path. */
const char *path_file_name(const char *path);
/* The directory of a path with its slash, "./" where the path names none. The caller frees it. */
char *path_folder(const char *path);
/* name inside folder; name alone where it is absolute or folder is empty. The caller frees it. */
char *path_join(const char *folder, const char *name);
/* True when path is longer than ending and ends with it; case counts. */
bool path_ends_with(const char *path, const char *ending);
/* The path of an existing file or folder from the root, without links; a copy of path where there is none. The caller
 * frees it. */
char *path_absolute(const char *path);
/* The path of an existing file or folder as a file in `folder` names it: an absolute path that leads out of the folder
 * stays as it is, any other is made relative to it; a copy of path where either does not exist. The caller frees it. */
char *path_from_folder(const char *folder, const char *path);
bool path_is_directory(const char *path);

#endif
