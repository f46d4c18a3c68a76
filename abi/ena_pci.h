/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the adapter is on the PCI bus. */
#ifndef OPENENA_ABI_PCI_H
#define OPENENA_ABI_PCI_H

enum ena_pci_id {
	ENA_PCI_VENDOR = 0x1d0f,
	ENA_PCI_PF = 0x0ec2,
	ENA_PCI_LLQ_PF = 0x1ec2,
	ENA_PCI_VF = 0xec20,
	ENA_PCI_LLQ_VF = 0xec21,
	ENA_PCI_RESERVED = 0x0051,
	ENA_PCI_SUBSYSTEM = 0xec20,
};

enum ena_pci_bar {
	ENA_BAR_REGISTERS = 0,
	ENA_BAR_MSIX = 1,
	ENA_BAR_LLQ = 2,
};

/* Revision bit 0: registers must be read by MMIO, not through the DMA answer. */
enum { ENA_PCI_REVISION_NO_READLESS = 0x01 };

/* MSI-X vector 0 carries admin completions and asynchronous events. */
enum { ENA_VECTOR_MGMT = 0, ENA_VECTOR_FIRST_IO = 1, ENA_VECTOR_NONE = -1 };

#endif
