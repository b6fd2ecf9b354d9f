/* theme.c: how roles look. Blue and orange, which colour-blind eyes tell apart; and never colour
 * alone: every role that carries meaning also has a sign in the text, or bold or underline. */
#include "draw/theme.h"

static const style styles[COLOR_LEVELS][ROLES] = {
    [COLOR_MONO] =
        {
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
        },
    [COLOR_16] =
        {
            [ROLE_TEXT] = {-1, -1, false, false, false},  [ROLE_FAINT] = {6, -1, false, false, false},
            [ROLE_TITLE] = {-1, -1, false, false, true},  [ROLE_HEADER] = {-1, -1, true, false, false},
            [ROLE_FOCUS] = {3, -1, true, true, false},    [ROLE_IN] = {-1, -1, true, false, false},
            [ROLE_OUT] = {1, -1, false, false, false},    [ROLE_MARK] = {3, -1, true, false, false},
            [ROLE_BAR] = {4, -1, true, false, false},     [ROLE_BAR_OUT] = {-1, -1, false, false, false},
            [ROLE_RHO] = {3, -1, true, false, false},     [ROLE_KEY] = {-1, -1, true, false, false},
            [ROLE_PROMPT] = {3, -1, true, false, false},  [ROLE_MESSAGE] = {3, -1, false, false, false},
            [ROLE_ERROR] = {7, 1, true, false, false},    [ROLE_ACT1] = {3, -1, false, true, false},
            [ROLE_ACT2] = {3, -1, true, true, false},     [ROLE_ACT3] = {0, 3, false, false, false},
            [ROLE_ACT4] = {0, 3, true, true, false},      [ROLE_PLOT1] = {4, -1, false, false, false},
            [ROLE_PLOT2] = {3, -1, false, false, false},  [ROLE_PLOT3] = {6, -1, false, false, false},
            [ROLE_PLOT4] = {5, -1, false, false, false},  [ROLE_PLOT5] = {2, -1, false, false, false},
            [ROLE_PLOT6] = {-1, -1, false, false, false}, [ROLE_FOUND] = {3, -1, true, true, false},
        },
    [COLOR_256] =
        {
            [ROLE_TEXT] = {-1, -1, false, false, false},   [ROLE_FAINT] = {245, -1, false, false, false},
            [ROLE_TITLE] = {255, 24, true, false, false},  [ROLE_HEADER] = {110, -1, true, false, false},
            [ROLE_FOCUS] = {215, -1, true, true, false},   [ROLE_IN] = {117, -1, true, false, false},
            [ROLE_OUT] = {173, -1, false, false, false},   [ROLE_MARK] = {220, -1, true, false, false},
            [ROLE_BAR] = {74, -1, false, false, false},    [ROLE_BAR_OUT] = {240, -1, false, false, false},
            [ROLE_RHO] = {222, -1, true, false, false},    [ROLE_KEY] = {215, -1, true, false, false},
            [ROLE_PROMPT] = {222, -1, true, false, false}, [ROLE_MESSAGE] = {222, -1, false, false, false},
            [ROLE_ERROR] = {231, 124, true, false, false}, [ROLE_ACT1] = {-1, 236, false, false, false},
            [ROLE_ACT2] = {223, 94, false, false, false},  [ROLE_ACT3] = {16, 172, false, false, false},
            [ROLE_ACT4] = {16, 214, true, false, false},   [ROLE_PLOT1] = {74, -1, false, false, false},
            [ROLE_PLOT2] = {208, -1, false, false, false}, [ROLE_PLOT3] = {79, -1, false, false, false},
            [ROLE_PLOT4] = {175, -1, false, false, false}, [ROLE_PLOT5] = {221, -1, false, false, false},
            [ROLE_PLOT6] = {117, -1, false, false, false}, [ROLE_FOUND] = {214, -1, true, true, false},
        },
};

style theme_style(color_level level, role r, uint8_t flags) {
    style s = styles[level][r];
    if (!(flags & CELL_CURSOR)) return s;
    if (level == COLOR_256) {
        if (s.bg < 0) s.bg = 238;
        if (s.fg >= 0 && s.fg < 246 && s.fg > 231) s.fg = 252;
    } else {
        s.reverse = !s.reverse;
    }
    return s;
}
