/* theme_tables.c: the themes. Blue and orange are distinguishable for colour-blind readers, and colour is never alone:
 * every role that carries meaning also has a sign in the text, or bold or underline. At 256 colours, text has a
 * contrast of at least 4.5 to 1 with its background (7 to 1 in the theme contrast), bars and dots 3 to 1, which the
 * tests check. */
#include "draw/theme.h"

/* The columns of each table: colour, background, bold, underlined, reversed. */
static const style mono[ROLES] = {
    [ROLE_TEXT] = {-1, -1, false, false, false},  [ROLE_FAINT] = {-1, -1, false, false, false},
    [ROLE_TITLE] = {-1, -1, false, false, true},  [ROLE_HEADER] = {-1, -1, true, false, false},
    [ROLE_FOCUS] = {-1, -1, true, true, false},   [ROLE_IN] = {-1, -1, true, false, false},
    [ROLE_OUT] = {-1, -1, false, false, false},   [ROLE_MARK] = {-1, -1, true, false, false},
    [ROLE_BAR] = {-1, -1, true, false, false},    [ROLE_BAR_OUT] = {-1, -1, false, false, false},
    [ROLE_RHO] = {-1, -1, true, false, false},    [ROLE_KEY] = {-1, -1, true, false, false},
    [ROLE_PROMPT] = {-1, -1, true, false, false}, [ROLE_MESSAGE] = {-1, -1, true, false, false},
    [ROLE_ERROR] = {-1, -1, true, false, true},   [ROLE_ACT1] = {-1, -1, false, true, false},
    [ROLE_ACT2] = {-1, -1, false, true, false},   [ROLE_ACT3] = {-1, -1, true, true, false},
    [ROLE_ACT4] = {-1, -1, true, false, true},    [ROLE_PLOT1] = {-1, -1, false, false, false},
    [ROLE_PLOT2] = {-1, -1, false, false, false}, [ROLE_PLOT3] = {-1, -1, false, false, false},
    [ROLE_PLOT4] = {-1, -1, false, false, false}, [ROLE_PLOT5] = {-1, -1, false, false, false},
    [ROLE_PLOT6] = {-1, -1, false, false, false}, [ROLE_FOUND] = {-1, -1, true, true, false},
};

static const style dark_16[ROLES] = {
    [ROLE_TEXT] = {-1, -1, false, false, false},  [ROLE_FAINT] = {6, -1, false, false, false},
    [ROLE_TITLE] = {-1, -1, false, false, true},  [ROLE_HEADER] = {-1, -1, true, false, false},
    [ROLE_FOCUS] = {3, -1, true, true, false},    [ROLE_IN] = {-1, -1, true, false, false},
    [ROLE_OUT] = {1, -1, true, false, false},     [ROLE_MARK] = {3, -1, true, false, false},
    [ROLE_BAR] = {4, -1, true, false, false},     [ROLE_BAR_OUT] = {-1, -1, false, false, false},
    [ROLE_RHO] = {3, -1, true, false, false},     [ROLE_KEY] = {-1, -1, true, false, false},
    [ROLE_PROMPT] = {3, -1, true, false, false},  [ROLE_MESSAGE] = {3, -1, false, false, false},
    [ROLE_ERROR] = {7, 1, true, false, false},    [ROLE_ACT1] = {3, -1, false, true, false},
    [ROLE_ACT2] = {3, -1, true, true, false},     [ROLE_ACT3] = {0, 3, false, false, false},
    [ROLE_ACT4] = {0, 3, false, true, false},     [ROLE_PLOT1] = {4, -1, true, false, false},
    [ROLE_PLOT2] = {3, -1, false, false, false},  [ROLE_PLOT3] = {6, -1, false, false, false},
    [ROLE_PLOT4] = {5, -1, false, false, false},  [ROLE_PLOT5] = {2, -1, false, false, false},
    [ROLE_PLOT6] = {-1, -1, false, false, false}, [ROLE_FOUND] = {3, -1, true, true, false},
};

static const style dark_256[ROLES] = {
    [ROLE_TEXT] = {-1, -1, false, false, false},   [ROLE_FAINT] = {245, -1, false, false, false},
    [ROLE_TITLE] = {255, 24, true, false, false},  [ROLE_HEADER] = {110, -1, true, false, false},
    [ROLE_FOCUS] = {215, -1, true, true, false},   [ROLE_IN] = {117, -1, true, false, false},
    [ROLE_OUT] = {209, -1, false, false, false},   [ROLE_MARK] = {220, -1, true, false, false},
    [ROLE_BAR] = {74, -1, false, false, false},    [ROLE_BAR_OUT] = {242, -1, false, false, false},
    [ROLE_RHO] = {222, -1, true, false, false},    [ROLE_KEY] = {215, -1, true, false, false},
    [ROLE_PROMPT] = {222, -1, true, false, false}, [ROLE_MESSAGE] = {222, -1, false, false, false},
    [ROLE_ERROR] = {231, 124, true, false, false}, [ROLE_ACT1] = {254, 236, false, false, false},
    [ROLE_ACT2] = {230, 94, false, false, false},  [ROLE_ACT3] = {16, 172, false, false, false},
    [ROLE_ACT4] = {16, 214, true, false, false},   [ROLE_PLOT1] = {74, -1, false, false, false},
    [ROLE_PLOT2] = {208, -1, false, false, false}, [ROLE_PLOT3] = {79, -1, false, false, false},
    [ROLE_PLOT4] = {175, -1, false, false, false}, [ROLE_PLOT5] = {221, -1, false, false, false},
    [ROLE_PLOT6] = {117, -1, false, false, false}, [ROLE_FOUND] = {220, -1, true, true, false},
};

static const style light_16[ROLES] = {
    [ROLE_TEXT] = {-1, -1, false, false, false},  [ROLE_FAINT] = {4, -1, false, false, false},
    [ROLE_TITLE] = {7, 4, true, false, false},    [ROLE_HEADER] = {-1, -1, true, false, false},
    [ROLE_FOCUS] = {1, -1, false, true, false},   [ROLE_IN] = {-1, -1, true, false, false},
    [ROLE_OUT] = {1, -1, false, false, false},    [ROLE_MARK] = {5, -1, false, false, false},
    [ROLE_BAR] = {4, -1, false, false, false},    [ROLE_BAR_OUT] = {5, -1, false, false, false},
    [ROLE_RHO] = {1, -1, false, false, false},    [ROLE_KEY] = {-1, -1, true, false, false},
    [ROLE_PROMPT] = {1, -1, false, false, false}, [ROLE_MESSAGE] = {1, -1, false, false, false},
    [ROLE_ERROR] = {7, 1, true, false, false},    [ROLE_ACT1] = {1, -1, false, true, false},
    [ROLE_ACT2] = {0, 3, false, false, false},    [ROLE_ACT3] = {0, 3, false, true, false},
    [ROLE_ACT4] = {7, 1, true, true, false},      [ROLE_PLOT1] = {4, -1, false, false, false},
    [ROLE_PLOT2] = {1, -1, false, false, false},  [ROLE_PLOT3] = {5, -1, false, false, false},
    [ROLE_PLOT4] = {0, -1, false, false, false},  [ROLE_PLOT5] = {4, -1, false, false, false},
    [ROLE_PLOT6] = {-1, -1, false, false, false}, [ROLE_FOUND] = {5, -1, false, true, false},
};

static const style light_256[ROLES] = {
    [ROLE_TEXT] = {-1, -1, false, false, false},   [ROLE_FAINT] = {241, -1, false, false, false},
    [ROLE_TITLE] = {231, 24, true, false, false},  [ROLE_HEADER] = {24, -1, true, false, false},
    [ROLE_FOCUS] = {88, -1, true, true, false},    [ROLE_IN] = {24, -1, true, false, false},
    [ROLE_OUT] = {124, -1, false, false, false},   [ROLE_MARK] = {90, -1, true, false, false},
    [ROLE_BAR] = {25, -1, false, false, false},    [ROLE_BAR_OUT] = {243, -1, false, false, false},
    [ROLE_RHO] = {88, -1, true, false, false},     [ROLE_KEY] = {88, -1, true, false, false},
    [ROLE_PROMPT] = {88, -1, true, false, false},  [ROLE_MESSAGE] = {88, -1, false, false, false},
    [ROLE_ERROR] = {231, 124, true, false, false}, [ROLE_ACT1] = {16, 254, false, false, false},
    [ROLE_ACT2] = {16, 223, false, false, false},  [ROLE_ACT3] = {16, 214, false, false, false},
    [ROLE_ACT4] = {231, 130, true, false, false},  [ROLE_PLOT1] = {25, -1, false, false, false},
    [ROLE_PLOT2] = {130, -1, false, false, false}, [ROLE_PLOT3] = {29, -1, false, false, false},
    [ROLE_PLOT4] = {90, -1, false, false, false},  [ROLE_PLOT5] = {94, -1, false, false, false},
    [ROLE_PLOT6] = {18, -1, false, false, false},  [ROLE_FOUND] = {90, -1, true, true, false},
};

/* With its own black background, so that the contrast is the same on every terminal. */
static const style high_16[ROLES] = {
    [ROLE_TEXT] = {7, 0, false, false, false},  [ROLE_FAINT] = {7, 0, false, false, false},
    [ROLE_TITLE] = {0, 7, false, false, false}, [ROLE_HEADER] = {7, 0, true, false, false},
    [ROLE_FOCUS] = {0, 3, false, true, false},  [ROLE_IN] = {6, 0, true, false, false},
    [ROLE_OUT] = {3, 0, false, true, false},    [ROLE_MARK] = {3, 0, true, false, false},
    [ROLE_BAR] = {6, 0, true, false, false},    [ROLE_BAR_OUT] = {7, 0, false, false, false},
    [ROLE_RHO] = {3, 0, true, false, false},    [ROLE_KEY] = {3, 0, true, false, false},
    [ROLE_PROMPT] = {3, 0, true, false, false}, [ROLE_MESSAGE] = {3, 0, true, false, false},
    [ROLE_ERROR] = {0, 7, false, true, false},  [ROLE_ACT1] = {3, 0, false, true, false},
    [ROLE_ACT2] = {3, 0, true, true, false},    [ROLE_ACT3] = {0, 3, false, false, false},
    [ROLE_ACT4] = {0, 7, false, true, false},   [ROLE_PLOT1] = {6, 0, true, false, false},
    [ROLE_PLOT2] = {3, 0, true, false, false},  [ROLE_PLOT3] = {7, 0, true, false, false},
    [ROLE_PLOT4] = {2, 0, true, false, false},  [ROLE_PLOT5] = {6, 0, false, false, false},
    [ROLE_PLOT6] = {7, 0, false, false, false}, [ROLE_FOUND] = {3, 0, true, true, false},
};

static const style high_256[ROLES] = {
    [ROLE_TEXT] = {231, 16, false, false, false},  [ROLE_FAINT] = {252, 16, false, false, false},
    [ROLE_TITLE] = {16, 231, true, false, false},  [ROLE_HEADER] = {231, 16, true, false, false},
    [ROLE_FOCUS] = {16, 220, true, true, false},   [ROLE_IN] = {123, 16, true, false, false},
    [ROLE_OUT] = {215, 16, false, true, false},    [ROLE_MARK] = {226, 16, true, false, false},
    [ROLE_BAR] = {123, 16, false, false, false},   [ROLE_BAR_OUT] = {248, 16, false, false, false},
    [ROLE_RHO] = {226, 16, true, false, false},    [ROLE_KEY] = {226, 16, true, false, false},
    [ROLE_PROMPT] = {226, 16, true, false, false}, [ROLE_MESSAGE] = {226, 16, true, false, false},
    [ROLE_ERROR] = {16, 231, true, true, false},   [ROLE_ACT1] = {231, 237, false, true, false},
    [ROLE_ACT2] = {231, 239, true, true, false},   [ROLE_ACT3] = {16, 215, false, false, false},
    [ROLE_ACT4] = {16, 226, true, false, false},   [ROLE_PLOT1] = {123, 16, false, false, false},
    [ROLE_PLOT2] = {215, 16, false, false, false}, [ROLE_PLOT3] = {121, 16, false, false, false},
    [ROLE_PLOT4] = {219, 16, false, false, false}, [ROLE_PLOT5] = {226, 16, false, false, false},
    [ROLE_PLOT6] = {231, 16, false, false, false}, [ROLE_FOUND] = {226, 16, true, true, false},
};

const theme themes[] = {
    {.name = "dark",
     .about = "blue and orange on a dark background",
     .look = {mono, dark_16, dark_256},
     .cursor_bg = 237,
     .cursor_ink = 255,
     .cursor_faint = 252},
    {.name = "light",
     .about = "blue and orange on a light background",
     .light = true,
     .look = {mono, light_16, light_256},
     .cursor_bg = 254,
     .cursor_ink = 16,
     .cursor_faint = 238},
    {.name = "contrast",
     .about = "high contrast: white, yellow and cyan on black",
     .look = {mono, high_16, high_256},
     .cursor_bg = -1,
     .solid = true},
    {.name = "mono", .about = "no colour: bold, underlined and reversed", .look = {mono, mono, mono}, .cursor_bg = -1},
};
const int theme_count = sizeof themes / sizeof *themes;
