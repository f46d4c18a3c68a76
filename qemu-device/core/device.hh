/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One function of the adapter: its registers, and everything behind them. */
#ifndef ENA_CORE_DEVICE_HH
#define ENA_CORE_DEVICE_HH

#include "commands.hh"
#include "readless.hh"
#include "reset.hh"
#include "rx.hh"

namespace ena
{

class Device {
    public:
	Device(const ena_config &config, const ena_host_ops &ops, void *host);
	Device(const Device &) = delete;
	Device &operator=(const Device &) = delete;

	[[nodiscard]] uint32_t read(uint32_t offset);
	void write(uint32_t offset, uint32_t value);
	void complain_about_access(const char *what, uint64_t offset, unsigned int size);

	void poll();
	void timer();
	void transmit_ready();
	void set_link(bool up);
	void set_vnet(const VnetAbilities &abilities);
	void update_hints(const ena_config &config);
	[[nodiscard]] bool can_receive() const;
	[[nodiscard]] ena_receive_result receive(std::span<const iovec> frame,
						 const ena_vnet_hdr *hdr);
	/* As after creation, but for link and totals. */
	void power_on_reset();
	[[nodiscard]] const ena_device_stats &stats() const
	{
		return statistics_.total();
	}

    private:
	void write_control(uint32_t value);
	void write_queue(uint32_t offset, uint32_t value);
	[[nodiscard]] bool write_control_path(uint32_t offset, uint32_t value);
	void poll_admin();
	/* Forget everything that a driver has set up. */
	void tear_down();
	void schedule();
	void schedule_if_work();
	void rearm_timer();

	const ena_config config_;
	Host host_;
	ResetControl reset_;
	Readless readless_;
	AdminQueue admin_;
	Statistics statistics_;
	Interrupts interrupts_;
	Events events_;
	Queues queues_;
	Rss rss_;
	Features features_;
	Commands commands_;
	Transmitter tx_;
	Receiver rx_;
	bool scheduled_ = false;
	uint64_t timer_ns_ = no_deadline;
};

} // namespace ena

#endif
