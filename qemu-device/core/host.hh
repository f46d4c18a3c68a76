/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's function table as the core calls it. */
#ifndef ENA_CORE_HOST_HH
#define ENA_CORE_HOST_HH

#include "faults.hh"
#include "history.hh"

#include "abi/ena_admin.h"

namespace ena
{

class WireDirection;

/* An address on the guest's bus. */
struct BusAddress {
	uint64_t value = 0;

	[[nodiscard]] constexpr BusAddress operator+(uint64_t bytes) const
	{
		return {value + bytes};
	}
	[[nodiscard]] constexpr explicit operator bool() const
	{
		return value != 0;
	}
};

[[nodiscard]] constexpr BusAddress bus_address(const ena_mem_addr &a)
{
	return {load(a)};
}

inline constexpr uint64_t no_deadline = UINT64_MAX;

/*
 * Everything that leaves the core goes through here. What the guest did wrong
 * is noted with a limit of sentences a second, so that it cannot flood a log.
 */
class Host {
    public:
	Host(const ena_host_ops &ops, void *opaque, Faults &faults)
	    : ops_(ops), opaque_(opaque), faults_(faults)
	{
	}

	[[nodiscard]] bool read(BusAddress from, void *to, size_t len)
	{
		if (struck_by(Fault::dma_read_failed))
			return failed("read", from, len, fault_asked_for);
		return ops_.dma_read(opaque_, from.value, to, len) || failed("read", from, len);
	}
	[[nodiscard]] bool write(BusAddress to, const void *from, size_t len)
	{
		if (struck_by(Fault::dma_write_failed))
			return failed("write", to, len, fault_asked_for);
		return ops_.dma_write(opaque_, to.value, from, len) || failed("write", to, len);
	}
	/* read() for somebody outside: a failure is nothing that happened to the driver. */
	[[nodiscard]] bool peek(BusAddress from, void *to, size_t len) const
	{
		return ops_.dma_read(opaque_, from.value, to, len);
	}
	/* For reading by the device; see ena_host_ops.dma_map. */
	[[nodiscard]] void *map(BusAddress from, size_t &len)
	{
		if (struck_by(Fault::dma_read_failed))
			return nullptr;
		return ops_.dma_map(opaque_, from.value, &len, false);
	}
	void unmap(void *ptr, size_t len) const
	{
		ops_.dma_unmap(opaque_, ptr, len, false, 0);
	}
	void raise(unsigned int vector)
	{
		if (!msix_) [[unlikely]]
			lost(vector);
		if (!struck_by(Fault::interrupt_lost, vector))
			ops_.raise(opaque_, vector);
	}
	/* See ena_device_set_pci(). */
	void set_pci(bool bus_master, bool msix)
	{
		bus_master_ = bus_master;
		msix_ = msix;
	}
	[[nodiscard]] ena_transmit_result transmit(unsigned int queue, const iovec *iov, int count,
						   const ena_vnet_hdr &hdr)
	{
		if (bad_wire_) [[unlikely]]
			return transmit_badly(queue, iov, count, hdr);
		return transmit_now(queue, iov, count, hdr);
	}
	/* Past a bad wire. */
	[[nodiscard]] ena_transmit_result transmit_now(unsigned int queue, const iovec *iov,
						       int count, const ena_vnet_hdr &hdr)
	{
		return ops_.transmit(opaque_, queue, iov, count, &hdr);
	}
	/* See ena_host_ops.stays_inside. */
	[[nodiscard]] bool stays_inside(std::span<const uint8_t> head) const
	{
		return ops_.stays_inside && ops_.stays_inside(opaque_, head.data(), head.size());
	}
	/* Where frames for the wire go first; null: nowhere. */
	void set_bad_wire(WireDirection *wire)
	{
		bad_wire_ = wire;
	}
	void schedule() const
	{
		ops_.schedule(opaque_);
	}
	void set_timer(uint64_t deadline_ns) const
	{
		ops_.set_timer(opaque_, deadline_ns);
	}
	[[nodiscard]] uint64_t now() const
	{
		return ops_.now(opaque_);
	}
	/* What the hardware clock shows. */
	[[nodiscard]] uint64_t real_time() const
	{
		return ops_.real_time(opaque_);
	}
	void receive_ready() const
	{
		ops_.receive_ready(opaque_);
	}

	/*
	 * An occasion for @fault; the meaning of @first and @second is that of
	 * its filters. Null, or the rule that strikes, which is then noted.
	 */
	[[nodiscard]] FaultRule *struck_by(Fault fault, uint32_t first = 0, uint32_t second = 0)
	{
		if (!faults_.set(bit(fault))) [[likely]]
			return nullptr;
		return strike(fault, first, second);
	}
	[[nodiscard]] const Faults &faults() const
	{
		return faults_;
	}
	void note_strike(const FaultRule &rule, uint32_t subject);

	[[gnu::format(printf, 2, 3)]] void trace(const char *format, ...);
	/* For the history alone. */
	[[gnu::format(printf, 3, 4)]] void remember(const Happening &what, const char *format, ...);
	/* What happened: for the history, and noted. */
	[[gnu::format(printf, 3, 4)]] void tell(const Happening &what, const char *format, ...);
	/* What the guest did wrong: the same, and counted as an error of the guest. */
	[[gnu::format(printf, 3, 4)]] void complain(const Happening &what, const char *format, ...);
	[[gnu::format(printf, 2, 3)]] void complain(const char *format, ...);
	/* The same, for an admin command that is answered with @status. */
	[[nodiscard, gnu::format(printf, 3, 4)]] ena_admin_status refuse(ena_admin_status status,
									 const char *format, ...);
	/* What refuse() is about from now on. */
	void executes(const Happening &command)
	{
		command_ = command;
	}
	[[nodiscard]] const History &history() const
	{
		return history_;
	}

	/* An RX completion that no driver can accept was sent, since forget_malformed(). */
	[[nodiscard]] bool sent_malformed() const
	{
		return sent_malformed_;
	}
	void forget_malformed()
	{
		sent_malformed_ = false;
	}

    private:
	static constexpr const char *fault_asked_for = "a fault was asked for";

	[[nodiscard]] ena_transmit_result transmit_badly(unsigned int queue, const iovec *iov,
							 int count, const ena_vnet_hdr &hdr);
	[[nodiscard]] FaultRule *strike(Fault fault, uint32_t first, uint32_t second);
	/* False. @why: if it is not what the PCI configuration or the address say. */
	bool failed(const char *what, BusAddress address, size_t len, const char *why = nullptr);
	void lost(unsigned int vector);
	void happened(ena_note_level level, const Happening &what, const char *format,
		      va_list args);
	[[nodiscard]] bool may_complain();
	void note(ena_note_level level, const char *format, va_list args);

	ena_host_ops ops_;
	void *opaque_;
	Faults &faults_;
	WireDirection *bad_wire_ = nullptr;
	uint64_t second_ = 0; /* of the guest's clock */
	unsigned int said_ = 0; /* complaints in it */
	unsigned int swallowed_ = 0;
	bool sent_malformed_ = false;
	bool bus_master_ = true;
	bool msix_ = true;
	Happening command_{ENA_HISTORY_COMMAND_REFUSED};
	History history_;
};

} // namespace ena

#endif
