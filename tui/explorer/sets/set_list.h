/* set_list.h: the layer of named sets. */
#ifndef SCRY_EXPLORER_SETS_SET_LIST_H
#define SCRY_EXPLORER_SETS_SET_LIST_H

#include "explorer/app_services.h"

extern const layer layer_sets;

#endif
