/* identity.h: which index this is, whatever its name and place. */
#ifndef SCRY_IDENTITY_H
#define SCRY_IDENTITY_H

#include "scry.h"

/* A hash of what the index holds: of the names, sizes and checksums of its sections, so that it costs
 * nothing however large they are; of a scores-only study, its manifest. */
uint64_t scry_identity(const scry_index *index);

#endif
