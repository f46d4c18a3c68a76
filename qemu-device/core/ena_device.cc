// SPDX-License-Identifier: GPL-2.0-or-later
/* The C interface of the core. */
#include "device.hh"
#include "fault_text.hh"

#include "ena_vfs.h"

#include <cstdlib>
#include <new>

struct ena_device {
	ena::Device device;
};

struct ena_allowance {
	ena::Allowance allowance;
};

static bool aligned_word(uint64_t offset, unsigned int size)
{
	return size == 4 && offset % 4 == 0 && offset < ENA_DEVICE_BAR0_SIZE;
}

extern "C" {

ena_device *ena_device_new(const ena_config *config, const ena_host_ops *ops, void *host)
{
	void *memory = malloc(sizeof(ena_device));
	if (!memory)
		return nullptr;
	return new (memory) ena_device{ena::Device(*config, *ops, host)};
}

ena_allowance *ena_allowance_new(const ena_allowance_config *config)
{
	void *memory = malloc(sizeof(ena_allowance));
	if (!memory)
		return nullptr;
	auto *allowance = new (memory) ena_allowance{ena::Allowance(*config)};
	if (allowance->allowance.init())
		return allowance;
	ena_allowance_free(allowance);
	return nullptr;
}

void ena_allowance_free(ena_allowance *allowance)
{
	if (!allowance)
		return;
	allowance->~ena_allowance();
	free(allowance);
}

bool ena_device_share_allowance(ena_device *dev, ena_allowance *allowance)
{
	return dev->device.share_allowance(allowance->allowance);
}

void ena_device_free(ena_device *dev)
{
	if (!dev)
		return;
	dev->~ena_device();
	free(dev);
}

void ena_device_reset(ena_device *dev)
{
	dev->device.power_on_reset();
}

size_t ena_device_save(ena_device *dev, void *buf, size_t size, char *why, size_t why_size)
{
	return dev->device.save({static_cast<uint8_t *>(buf), size}, {why, why_size});
}

bool ena_device_load(ena_device *dev, const void *buf, size_t size, char *why, size_t why_size)
{
	return dev->device.load({static_cast<const uint8_t *>(buf), size}, {why, why_size});
}

uint64_t ena_device_mmio_read(ena_device *dev, uint64_t offset, unsigned int size)
{
	if (aligned_word(offset, size))
		return dev->device.read_plain(static_cast<uint32_t>(offset));
	dev->device.complain_about_access("read", offset, size);
	return 0;
}

void ena_device_mmio_write(ena_device *dev, uint64_t offset, uint64_t value, unsigned int size)
{
	if (aligned_word(offset, size))
		dev->device.write(static_cast<uint32_t>(offset), static_cast<uint32_t>(value));
	else
		dev->device.complain_about_access("write", offset, size);
}

void ena_device_poll(ena_device *dev)
{
	dev->device.poll();
}

void ena_device_timer(ena_device *dev)
{
	dev->device.timer();
}

void ena_device_transmit_ready(ena_device *dev)
{
	dev->device.transmit_ready();
}

void ena_device_set_link(ena_device *dev, bool up)
{
	dev->device.set_link(up);
}

void ena_device_set_vnet(ena_device *dev, bool csum, bool tso4, bool tso6, bool ecn)
{
	dev->device.set_vnet({csum, tso4, tso6, ecn});
}

size_t ena_config_llq_size(const ena_config *config)
{
	if (!config->llq || !(config->features & ENA_BIT(ENA_FEATURE_LLQ)))
		return 0;
	return ena::llq_memory_size(*config);
}

void ena_device_set_llq_memory(ena_device *dev, const void *memory)
{
	dev->device.set_llq_memory(memory);
}

void ena_device_update_hints(ena_device *dev, const ena_config *config)
{
	dev->device.update_hints(*config);
}

bool ena_device_inject(ena_device *dev, const char *text, char *why, size_t why_size)
{
	return dev->device.inject(text, {why, why_size});
}

bool ena_device_fault(const ena_device *dev, unsigned int index, char *text, size_t size)
{
	const auto rules = dev->device.faults();
	if (index >= rules.size())
		return false;
	ena::write_fault(rules[index], {text, size});
	return true;
}

const char *ena_device_post_event(ena_device *dev, unsigned int group, uint64_t value)
{
	return dev->device.post_event(group, value);
}

bool ena_device_can_receive(const ena_device *dev)
{
	return dev->device.can_receive();
}

ena_receive_result ena_device_receive(ena_device *dev, const iovec *iov, int iovcnt,
				      const ena_vnet_hdr *hdr)
{
	if (iovcnt <= 0)
		return ENA_RECEIVE_TAKEN;
	return dev->device.receive({iov, static_cast<size_t>(iovcnt)}, hdr);
}

void ena_device_get_stats(const ena_device *dev, ena_device_stats *stats)
{
	*stats = dev->device.statistics().total();
}

void ena_device_set_pci(ena_device *dev, bool bus_master, bool msix)
{
	dev->device.set_pci(bus_master, msix);
}

const ena_history_entry *ena_device_history(const ena_device *dev, unsigned int index)
{
	return dev->device.history().at(index);
}

const ena_drop_count *ena_device_drops(const ena_device *dev, unsigned int index)
{
	return dev->device.statistics().drops(index);
}

void ena_device_get_resets(const ena_device *dev, ena_resets *resets)
{
	*resets = dev->device.resets();
}

bool ena_device_queue_info(const ena_device *dev, unsigned int index, ena_queue_info *info)
{
	return dev->device.info(index, *info);
}

void ena_device_control_info(const ena_device *dev, ena_control_info *info)
{
	dev->device.info(*info);
}

void ena_device_settings_info(const ena_device *dev, ena_settings_info *info)
{
	dev->device.info(*info);
}

void ena_device_driver_info(const ena_device *dev, ena_driver_info *info)
{
	dev->device.info(*info);
}

size_t ena_device_read_debug_area(const ena_device *dev, void *buf, size_t size)
{
	return dev->device.read_debug_area(buf, size);
}

void ena_device_manage_vfs(ena_device *dev, const ena_vf_ops *ops, void *host, unsigned int total,
			   const uint8_t (*macs)[6])
{
	dev->device.vfs().manage(*ops, host, total, macs);
}

void ena_device_set_switch_mode(ena_device *dev, uint8_t mode)
{
	dev->device.vfs().set_first_mode(mode);
}

void ena_device_enable_vfs(ena_device *dev, unsigned int count)
{
	dev->device.vfs().enable(count);
}

void ena_device_set_mac(ena_device *dev, const uint8_t *mac)
{
	dev->device.address().set(mac);
}

void ena_device_sleep(ena_device *dev)
{
	dev->device.sleep();
}

void ena_device_set_tx_rate(ena_device *dev, uint32_t mbps)
{
	dev->device.set_tx_rate(mbps);
}
}
