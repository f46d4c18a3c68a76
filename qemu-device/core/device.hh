/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One function of the adapter: its registers, and everything behind them. */
#ifndef ENA_CORE_DEVICE_HH
#define ENA_CORE_DEVICE_HH

#include "admin_faults.hh"
#include "commands.hh"
#include "readless.hh"
#include "reset.hh"
#include "reset_report.hh"
#include "rx.hh"
#include "wire.hh"

namespace ena
{

class Device {
    public:
	Device(const ena_config &config, const ena_host_ops &ops, void *host);
	Device(const Device &) = delete;
	Device &operator=(const Device &) = delete;

	/* What the register holds. */
	[[nodiscard]] uint32_t read(uint32_t offset);
	/* A read by MMIO. */
	[[nodiscard]] uint32_t read_plain(uint32_t offset);
	void write(uint32_t offset, uint32_t value);
	void complain_about_access(const char *what, uint64_t offset, unsigned int size);

	void poll();
	void timer();
	void transmit_ready();
	void set_link(bool up);
	[[nodiscard]] bool share_allowance(Allowance &allowance);
	void set_vnet(const VnetAbilities &abilities);
	void update_hints(const ena_config &config);
	/* See ena_device_set_llq_memory(). */
	void set_llq_memory(const void *memory)
	{
		llq_.set_memory(memory);
	}
	/* See ena_device_post_event(). */
	[[nodiscard]] const char *post_event(unsigned int group, uint64_t value);
	/* Only a reset helps: DEV_STS says so, and the driver is told by an event. */
	void fatal_error(uint16_t syndrome);
	[[nodiscard]] bool can_receive() const;
	[[nodiscard]] ena_receive_result receive(std::span<const iovec> frame,
						 const ena_vnet_hdr *hdr);
	/* See ena_device_inject() and ena_device_fault(). */
	[[nodiscard]] bool inject(const char *text, std::span<char> why);
	[[nodiscard]] std::span<const FaultRule> faults() const
	{
		return faults_.rules();
	}
	/* See ena_device_save() and ena_device_load(). */
	[[nodiscard]] size_t save(std::span<uint8_t> buffer, std::span<char> why);
	[[nodiscard]] bool load(std::span<const uint8_t> bytes, std::span<char> why);
	void set_pci(bool bus_master, bool msix)
	{
		host_.set_pci(bus_master, msix);
	}
	/* See ena_vfs.h. */
	[[nodiscard]] VfManager &vfs()
	{
		return vfs_;
	}
	[[nodiscard]] Address &address()
	{
		return address_;
	}
	/* See ena_device_sleep(). */
	void sleep()
	{
		address_.sleep(admin_.active());
	}
	void set_tx_rate(uint32_t mbps)
	{
		tx_rate_.set(mbps);
	}
	/* See "looking inside" in ena_device.h; these are in observe.cc. */
	[[nodiscard]] bool info(unsigned int queue, ena_queue_info &info) const;
	void info(ena_control_info &info) const;
	void info(ena_settings_info &info) const;
	void info(ena_driver_info &info) const;
	[[nodiscard]] size_t read_debug_area(void *buf, size_t size) const;
	[[nodiscard]] const History &history() const
	{
		return host_.history();
	}
	[[nodiscard]] const Statistics &statistics() const
	{
		return statistics_;
	}
	[[nodiscard]] const ena_resets &resets() const
	{
		return reset_report_.resets();
	}
	/* As after creation, but for link, totals, faults and history. */
	void power_on_reset();

    private:
	void snapshot(Snapshot &s); /* device_snapshot.cc */
	void start_over();
	void write_control(uint32_t value);
	void begin_reset(uint32_t control);
	void write_queue(uint32_t offset, uint32_t value);
	[[nodiscard]] bool write_control_path(uint32_t offset, uint32_t value);
	/* After the admin queue may have failed. */
	void check_admin();
	void poll_admin();
	/* False: the command is not to be answered. */
	[[nodiscard]] bool answer(const ena_aq_entry &command, bool waited,
				  ena_acq_entry &completion);
	[[nodiscard]] ena_receive_result receive_now(std::span<const iovec> frame,
						     const ena_vnet_hdr *hdr);
	void clear_faults();
	void start_fault(const FaultRule &rule, uint64_t now);
	void expire_faults(uint64_t now);
	[[nodiscard]] uint64_t fault_deadline() const;
	/* The link as host and faults have it. */
	void update_link();
	[[nodiscard]] ena_receive_result receive_from_bad_wire(std::span<const iovec> frame,
							       const ena_vnet_hdr *hdr);
	[[nodiscard]] static WireDirection::Passed pass_tx(void *device, uint16_t queue,
							   std::span<const iovec> frame,
							   const ena_vnet_hdr &hdr);
	[[nodiscard]] static WireDirection::Passed pass_rx(void *device, uint16_t queue,
							   std::span<const iovec> frame,
							   const ena_vnet_hdr &hdr);
	/* Forget everything that a driver has set up. */
	void tear_down();
	void schedule();
	void schedule_at_once();
	void schedule_if_work();
	void rearm_timer();

	const ena_config config_;
	Faults faults_;
	Host host_;
	ResetControl reset_;
	ResetReport reset_report_;
	Readless readless_;
	AdminQueue admin_;
	Statistics statistics_;
	AllowanceShare share_;
	TxRate tx_rate_;
	Interrupts interrupts_;
	Events events_;
	Llq llq_;
	Queues queues_;
	Rss rss_;
	Phc phc_;
	Timestamps timestamps_;
	FlowSteering steering_;
	Fragments fragments_;
	Address address_;
	VfManager vfs_;
	Features features_;
	Metrics metrics_;
	Commands commands_;
	Transmitter tx_;
	Receiver rx_;
	AdminFaults admin_faults_;
	WireDirection tx_wire_, rx_wire_;
	bool link_up_ = false; /* as the host says */
	uint64_t link_back_ns_ = no_deadline; /* end of a flap */
	uint64_t slow_until_ns_ = no_deadline; /* work that is due is put off */
	bool new_driver_ = false; /* MMIO_RESP was written since the last reset */
	bool scheduled_ = false;
	uint64_t timer_ns_ = no_deadline;
};

} // namespace ena

#endif
