// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Entry point of the shared object that `-plugin` loads. QEMU has no interface
 * for devices from outside, only for TCG plugins; but a QEMU built with modules
 * exports its symbols, plugins are loaded before `-device` is parsed, and so
 * the object can register a type. No structure of QEMU's is stable: it works
 * with exactly the release it was built against, and refuses any other.
 */
#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "qemu/module.h"
#include "qapi/error.h"
#include "qapi/qapi-commands-control.h"
#include "ena.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

/* Exported, so that tools can ask the file, too. */
QEMU_PLUGIN_EXPORT extern const char openena_built_for[];
const char openena_built_for[] = QEMU_VERSION;

static bool register_types(void)
{
	g_autoptr(VersionInfo) version = qmp_query_version(&error_abort);
	g_autofree char *running = g_strdup_printf("%" PRId64 ".%" PRId64 ".%" PRId64,
						   version->qemu->major, version->qemu->minor,
						   version->qemu->micro);

	if (strcmp(running, openena_built_for)) {
		error_report("this build of the ena device is for QEMU %s, but QEMU %s is running",
			     openena_built_for, running);
		return false;
	}
	ena_register_types();
	return true;
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc,
					   char **argv)
{
	return register_types() ? 0 : 1;
}

/*
 * `-device ena,help` is answered before plugins are loaded, but not before an
 * object in LD_PRELOAD is. As a plugin we come too late for this list.
 */
static void preloaded(void)
{
	if (!register_types())
		exit(1);
}
type_init(preloaded);
