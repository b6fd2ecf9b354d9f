#include "commands/commands.h"
int shell_latent(const options *o) { (void)o; return 1; }
int shell_export_labels(const options *o) { (void)o; return 1; }
