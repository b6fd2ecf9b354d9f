/* base/cpu_dispatch.h: functions compiled once for each vector width and chosen when the program is loaded. Compiled
 * only once where the loader cannot choose: off x86-64 and glibc; under ThreadSanitizer, which is not ready at load
 * time; and by clang before 18, whose clones other files do not find. */
#ifndef SCRY_BASE_CPU_DISPATCH_H
#define SCRY_BASE_CPU_DISPATCH_H

#include <features.h> /* __GLIBC__ */

#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__SANITIZE_THREAD__) && defined(__has_attribute)
#if __has_attribute(target_clones) && (!defined(__clang__) || __clang_major__ >= 18)
#define CPU_DISPATCH __attribute__((target_clones("avx512f", "avx2", "default")))
#endif
#endif
#ifndef CPU_DISPATCH
#define CPU_DISPATCH
#endif

#endif
