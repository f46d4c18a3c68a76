// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * MSI-X vectors over qom-get: what was due, and what holds it back. Who misses an interrupt sees
 * here whether it has left the adapter.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/visitor.h"
#include "qobject/qdict.h"
#include "qobject/qlist.h"
#include "qobject/qnum.h"
#include "hw/pci/msi.h"
#include "hw/pci/msix.h"
#include "ena.h"

static QDict *describe_vector(ENAState *s, unsigned int vector)
{
	PCIDevice *pci = PCI_DEVICE(s);
	MSIMessage message = msix_get_message(pci, vector);
	QDict *item = qdict_new();

	qdict_put_int(item, "vector", vector);
	qdict_put(item, "messages", qnum_from_uint(s->messages[vector]));
	/* By its entry of the table, by all of MSI-X, or MSI-X is off. */
	qdict_put_bool(item, "masked", msix_is_masked(pci, vector));
	qdict_put_bool(item, "pending", pci->msix_pba[vector / 8] >> vector % 8 & 1);
	qdict_put(item, "address", qnum_from_uint(message.address));
	qdict_put(item, "data", qnum_from_uint(message.data));
	return item;
}

static void get_vectors(Object *obj, Visitor *v, const char *name, void *opaque, Error **errp)
{
	ENAState *s = ENA(obj);
	g_autoptr(QList) list = qlist_new();
	QObject *value = QOBJECT(list);
	unsigned int vectors = s->core ? PCI_DEVICE(s)->msix_entries_nr : 0;
	unsigned int i;

	for (i = 0; i < MIN(vectors, ENA_DEVICE_MAX_VECTORS); i++)
		qlist_append(list, describe_vector(s, i));
	visit_type_any(v, name, &value, errp);
}

void ena_class_init_vectors(ObjectClass *oc)
{
	object_class_property_add(oc, "vectors", "list", get_vectors, NULL, NULL, NULL);
	object_class_property_set_description(
		oc, "vectors", "MSI-X vectors: messages that were due, masks, pending bits");
}
